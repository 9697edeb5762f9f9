"""Every error a user can meet, in one tree.

    DelineateError
    ├── ImageError (ValueError)         an image, a mask or its geometry is not usable
    │   ├── UnreadableImage             missing, empty, truncated, of an unknown format
    │   ├── SeveralImages               a choice is needed: DICOM series, channel
    │   └── GeometryMismatch            two grids that must be the same are not
    ├── PromptError (ValueError)        a prompt makes no sense
    │   ├── PromptNotRead (TypeError)   the method does not understand this kind
    │   ├── PromptOutside               it names voxels that the image does not have
    │   └── PromptsMissing              the method needs more before it can start
    ├── MethodError (ValueError)        an unknown method, or a field out of range
    │   └── TooLarge (MemoryError)      the work would not fit into memory
    ├── SessionError (ValueError)       a session cannot do this now
    │   ├── NothingToUndo (LookupError) no step to take back or to repeat
    │   ├── UnknownObject (LookupError)
    │   ├── UnknownPrompt (LookupError)
    │   ├── UnknownSession (LookupError)
    │   └── OpenElsewhere               another process has gone on with the session
    ├── MissingExtra (ImportError)      an optional package is needed; says the line to type
    └── Cancelled                       the observer asked to stop; nothing has changed

A message says what was wrong, with the value, then what would be right.
"""


class DelineateError(Exception):
    """Root of all errors of this package that are meant for users."""


class ImageError(DelineateError, ValueError):
    """An image, a mask or its geometry is not usable."""


class UnreadableImage(ImageError):
    """A file is missing, empty, truncated, or of an unknown format."""


class SeveralImages(ImageError):
    """A choice is needed: which DICOM series, which channel."""


class GeometryMismatch(ImageError):
    """Two grids that must be the same are not."""


class PromptError(DelineateError, ValueError):
    """A prompt makes no sense."""


class PromptNotRead(PromptError, TypeError):
    """The method does not understand this kind of prompt."""


class PromptOutside(PromptError):
    """A prompt names voxels that the image does not have."""


class PromptsMissing(PromptError):
    """The method needs more prompts before it can start."""


class MethodError(DelineateError, ValueError):
    """A method that is not known, or a field of it that is out of range."""


class TooLarge(MethodError, MemoryError):
    """The work asked for would not fit into memory."""


class SessionError(DelineateError, ValueError):
    """A session cannot do this now."""


class NothingToUndo(SessionError, LookupError):
    """There is no step to take back, or none to repeat."""


class UnknownObject(SessionError, LookupError):
    """The session has no such object."""


class UnknownPrompt(SessionError, LookupError):
    """The session has no prompt with this id."""


class UnknownSession(SessionError, LookupError):
    """The journal has no session of this name."""


class OpenElsewhere(SessionError):
    """Another process has gone on with the session."""


class MissingExtra(DelineateError, ImportError):
    """An optional package is needed; the message is the line to type."""


class Cancelled(DelineateError):
    """The observer asked to stop. Nothing has changed."""
