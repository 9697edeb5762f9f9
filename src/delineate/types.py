"""Names for arrays, and the letters their shapes are written in.

C channels, I J K voxel axes, L labels, N points or samples.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Mask: TypeAlias = NDArray[np.bool_]
Float32: TypeAlias = NDArray[np.float32]
Float64: TypeAlias = NDArray[np.float64]
Int8: TypeAlias = NDArray[np.int8]
Int64: TypeAlias = NDArray[np.int64]
UInt8: TypeAlias = NDArray[np.uint8]
Index: TypeAlias = tuple[int, int, int]
Spacing: TypeAlias = tuple[float, float, float]
