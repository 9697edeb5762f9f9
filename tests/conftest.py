"""What several test files need."""

import sys
from functools import partial
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


@pytest.fixture(scope="session")
def handmade(tmp_path_factory) -> Path:
    """A folder of weights made by hand, "pnet" and "pcnet"."""
    from handmade import write

    return write(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def handmade_weights(handmade, monkeypatch) -> Path:
    """The methods find weights made by hand where they look for those of the package."""
    from delineate import models
    from delineate.methods import click_fcn, viewed

    for module in (viewed, click_fcn):
        monkeypatch.setattr(module, "load", partial(models.load, folder=handmade))
    return handmade
