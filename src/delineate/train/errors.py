"""What can go wrong before or while a network is trained."""

from ..errors import DelineateError


class TrainingError(DelineateError, ValueError):
    """A recipe, its data or a checkpoint does not allow training."""
