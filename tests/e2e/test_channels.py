"""Several images of one scan, opened as its channels."""

import nibabel
import numpy as np
from served import wait_until


def test_images_that_are_ticked_open_as_channels_of_one(person, images) -> None:
    for number, name in enumerate(("flair.nii.gz", "t1.nii.gz")):
        values = np.full((10, 12, 4), 7 + number, np.int16)
        nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), images / name)
    page = person.page
    page.goto(person.served.url)
    for name in ("flair.nii.gz", "t1.nii.gz"):
        page.get_by_label(f"{name} as a channel").check()
    page.locator("#open-together").click()
    id = person.opened()
    assert len(person.served.state(id)["image"]["channels"]) == 2
    intensity = page.locator(".status").get_by_text("Intensity")
    assert intensity.inner_text() == "Intensity 7"
    person.key("0")
    wait_until(lambda: intensity.inner_text() == "Intensity 8")
    for name in ("flair.nii.gz", "t1.nii.gz"):
        (images / name).unlink()
