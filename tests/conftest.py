"""What several test files need."""

import sys
from pathlib import Path

import numpy as np
import pytest

from delineate.volume import Volume

sys.path.insert(0, str(Path(__file__).parent))

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def block() -> Volume:
    """A bright block of 10 x 10 x 6 voxels in a dark 20 x 20 x 10 image."""
    image = np.zeros((20, 20, 10), np.float32)
    image[5:15, 5:15, 2:8] = 1
    return Volume.from_array(image, (1.0, 1.0, 2.0))


@pytest.fixture
def data() -> Path:
    """The folder of real labelled images."""
    if not DATA.is_dir():
        pytest.skip("the labelled images are not here (../shared/data)")
    return DATA
