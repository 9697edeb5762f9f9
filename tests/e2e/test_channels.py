"""Several images of one scan, opened as its channels."""

import nibabel
import numpy as np


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
    assert "7" in intensity.inner_text()
    person.key("0")
    page.wait_for_function("document.querySelector('.status').innerText.includes('Intensity 8')")
    for name in ("flair.nii.gz", "t1.nii.gz"):
        (images / name).unlink()
