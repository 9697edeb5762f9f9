"""Images in, masks out: one module a format, one convention (RAS+, axes I J K) inside.

NIfTI by nibabel; NRRD, MetaImage and DICOM by SimpleITK; PNG and JPEG by Pillow; TIFF by tifffile.
"""

from .extent import extent
from .labels import Label, is_segmentation, read_labels
from .reading import read
from .segmentation import write_segmentation
from .series import Series, list_series
from .structures import write_structures
from .writing import write

__all__ = [
    "Label",
    "Series",
    "extent",
    "is_segmentation",
    "list_series",
    "read",
    "read_labels",
    "write",
    "write_segmentation",
    "write_structures",
]
