"""Real images, with methods of the package: a volume and a picture from first mark to file."""

import numpy as np
import pytest
from served import canonical


def replayed(served, session, tmp_path):
    """The label map that the library computes from the session file, step by step."""
    import delineate

    path = tmp_path / "case.delineate"
    path.write_bytes(served.get(f"/api/sessions/{session}/export?format=session"))
    return delineate.replay(delineate.load(path))


def choose(person, method):
    """Choose a method and wait until it is in use."""
    person.page.locator("#method").select_option(method)
    person.settle()


def test_a_real_volume(person, served, images, tmp_path):
    if not (images / "cord.nii.gz").exists():
        pytest.skip("the labelled images are not here (../shared/data)")
    session = person.open("cord.nii.gz")
    choose(person, "region_growing")
    middle = [n // 2 for n in served.state(session)["image"]["shape"]]
    person.key("c")
    person.click(tuple(middle))
    masks = served.masks(session)
    assert masks[tuple(middle)] == 1
    aside = (middle[0] + 6, middle[1], middle[2])
    person.key("s", "x")
    person.drag(aside, (aside[0], aside[1] + 4, aside[2]))
    masks = served.masks(session)
    assert (masks[aside[0], aside[1] : aside[1] + 5, aside[2]] == 0).all()
    for step in replayed(served, session, tmp_path):
        assert step.dice == 1


def test_a_real_picture(person, served, images, tmp_path):
    if not (images / "nuclei.png").exists():
        pytest.skip("the labelled images are not here (../shared/data)")
    session = person.open("nuclei.png")
    choose(person, "graphcut")
    shape = served.state(session)["image"]["shape"]
    i, j = shape[0] // 3, shape[1] // 3
    person.key("b")
    person.drag((i, j, 0), (i + 40, j + 40, 0))
    person.key("c", "x")
    person.click((i + 2, j + 2, 0))
    masks = served.masks(session)
    assert masks[i + 2, j + 2, 0] == 0
    outside = masks.copy()
    outside[i : i + 41, j : j + 41] = 0
    assert not outside.any()
    with person.page.expect_download() as found:
        person.key("e")
        person.page.locator("#export-format").select_option("nifti")
        person.page.locator("#download").click()
    assert np.array_equal(canonical(found.value.path().read_bytes()), masks)
