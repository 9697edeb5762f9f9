"""A whole session on images that are always there, with a method whose answer is known."""

import numpy as np
from served import canonical, wait_until

HEAD = (128, 96, 24)


def ball(at, radius, shape=HEAD):
    """Voxels near another."""
    away = sum((axis - c) ** 2 for axis, c in zip(np.indices(shape), at, strict=True))
    return away <= radius**2


def first(person, head):
    """Open the head and click once inside."""
    session = person.open(head)
    person.key("c")
    person.click((60, 50, 12))
    return session


def test_a_click_becomes_the_mask_that_the_server_writes(person, served, head):
    session = first(person, head)
    masks = served.masks(session)
    assert np.array_equal(masks == 1, ball((60, 50, 12), 5))
    assert person.label((60, 50, 12)) == 1
    assert person.label((60, 56, 12)) == 0
    assert person.steps()[-1] == "click inside on object 1"


def test_a_box_bounds_it_and_an_outside_click_takes_away(person, served, head):
    session = first(person, head)
    person.key("b")
    person.drag((54, 50, 12), (70, 62, 12))
    box = served.state(session)["objects"][0]["prompts"][-1]
    assert box["low"][:2] == [54, 50]
    assert box["high"][:2] == [71, 63]
    person.key("c", "x")
    person.click((64, 54, 12))
    kept = np.zeros(HEAD, bool)
    kept[54:71, 50:63, box["low"][2] : box["high"][2]] = True
    expected = ball((60, 50, 12), 5) & kept & ~ball((64, 54, 12), 5)
    expected[60, 50, 12] = True
    found = served.masks(session) == 1
    assert np.array_equal(found, expected), np.argwhere(found != expected)


def test_a_dragged_click_shows_its_outline_before_it_is_dropped(person, served, head):
    session = first(person, head)
    person.drag((60, 50, 12), (75, 50, 12), release=False)
    wait_until(lambda: person.label((78, 50, 12)) == 1)
    assert served.masks(session)[60, 50, 12] == 1, "nothing is committed while it is dragged"
    person.page.mouse.up()
    person.settle()
    assert np.array_equal(served.masks(session) == 1, ball((75, 50, 12), 5))
    assert len(served.state(session)["objects"][0]["prompts"]) == 1


def test_a_scribble_and_a_lasso_and_shift_for_the_other_side(person, served, head):
    session = person.open(head)
    person.key("s")
    person.drag((50, 50, 12), (62, 50, 12))
    prompt = served.state(session)["objects"][0]["prompts"][0]
    assert prompt["kind"] == "scribble"
    assert prompt["inside"]
    assert prompt["voxels"]["low"][2] == 12
    masks = served.masks(session)
    assert masks[50:63, 50, 12].all()
    person.key("l")
    person.page.keyboard.down("Shift")
    person.drag((54, 44, 12), (58, 44, 12), (58, 56, 12), (54, 56, 12))
    person.page.keyboard.up("Shift")
    lasso = served.state(session)["objects"][0]["prompts"][1]
    assert lasso["kind"] == "scribble"
    assert not lasso["inside"]
    assert person.page.locator("#side-inside").get_attribute("aria-pressed") == "true"


def test_the_slider_adjusts_and_does_not_accumulate(person, served, head):
    session = first(person, head)
    slider = person.page.get_by_label("Adjust", exact=True)
    for amount in (60, 30):
        slider.evaluate(
            """(slider, value) => {
              slider.value = value
              slider.dispatchEvent(new Event('input', { bubbles: true }))
              slider.dispatchEvent(new Event('change', { bubbles: true }))
            }""",
            str(amount),
        )
        person.settle()
    assert np.array_equal(served.masks(session) == 1, ball((60, 50, 12), 5 * 1.3 ** (1 / 3)))


def test_paint_and_erase_by_hand(person, served, head):
    session = first(person, head)
    before = served.masks(session)
    person.key("p")
    person.drag((90, 50, 12), (100, 50, 12))
    painted = served.masks(session)
    assert (painted[90:101, 50, 12] == 1).all()
    assert (painted[90:101, 50, 11] == 0).all()
    assert np.array_equal(painted[:85], before[:85])
    person.key("x")
    person.drag((95, 50, 12), (95, 54, 12))
    assert served.masks(session)[95, 50, 12] == 0
    assert served.masks(session)[90, 50, 12] == 1


def test_the_threshold_brush_paints_what_is_in_range(person, served, head):
    session = first(person, head)
    person.key("t")
    person.page.get_by_label("Lowest intensity").fill("300")
    person.page.get_by_label("Highest intensity").fill("5000")
    person.drag((85, 60, 12), (100, 60, 12))
    import nibabel

    image = nibabel.as_closest_canonical(nibabel.load(served.folder / head))
    values = np.asarray(image.dataobj)[..., 0]
    new = (served.masks(session) == 1) & ~ball((60, 50, 12), 5)
    assert new.any()
    assert (values[new] >= 300).all()


def test_two_objects_a_lock_and_history(person, served, head):
    session = first(person, head)
    person.page.get_by_label("Name of object 1").fill("lesion")
    person.page.get_by_label("Name of object 1").press("Enter")
    person.settle()
    person.key("k")
    person.settle()
    person.key("n")
    wait_until(lambda: len(served.state(session)["objects"]) == 2)
    person.settle()
    person.key("c")
    person.click((66, 50, 12))
    masks = served.masks(session)
    assert np.array_equal(masks == 1, ball((60, 50, 12), 5)), "a locked object keeps its voxels"
    assert np.array_equal(masks == 2, ball((66, 50, 12), 5) & ~ball((60, 50, 12), 5))
    first_row = served.state(session)["objects"][0]
    assert (first_row["name"], first_row["locked"]) == ("lesion", True)


def test_undo_ten_redo_ten_and_a_reload(person, served, head):
    session = person.open(head)
    person.key("c")
    seen = []
    for n in range(10):
        person.click((40 + 5 * n, 50, 12))
        seen.append(served.masks(session))
    for n in reversed(range(10)):
        person.key("z")
        person.settle()
        assert served.state(session)["history"]["done"] == n
        if n:
            assert np.array_equal(served.masks(session), seen[n - 1])
    assert served.state(session)["objects"] == []
    assert person.page.locator("#undo").is_disabled()
    for n in range(10):
        person.key("Control+Shift+Z" if n % 2 else "Shift+Z")
        person.settle()
        assert np.array_equal(served.masks(session), seen[n])
    person.key("2", "a")
    person.page.wait_for_timeout(800)
    before = person.page.evaluate("delineate.crosshair()")
    person.page.reload()
    assert person.opened() == session
    assert person.page.evaluate("delineate.crosshair()") == before
    assert person.page.evaluate("delineate.where([0, 0, 0], 2)") is None, "the large plane is back"
    assert person.label((85, 50, 12)) == 1
    person.page.locator(".history button").nth(3).click()
    person.settle()
    assert np.array_equal(served.masks(session), seen[2])


def test_a_batch_waits_and_is_one_step(person, served, head):
    session = person.open(head)
    person.key("q", "c")
    person.click((40, 50, 12))
    person.click((60, 50, 12))
    assert served.state(session)["history"]["done"] == 0
    person.page.wait_for_timeout(800)
    person.page.reload()
    person.opened()
    person.key("Enter")
    person.settle()
    assert served.state(session)["history"]["done"] == 1
    assert np.array_equal(served.masks(session) == 1, ball((40, 50, 12), 5) | ball((60, 50, 12), 5))


def test_after_edits(person, served, head):
    session = first(person, head)
    person.click((90, 50, 12))
    person.page.locator("#edit-largest").click()
    person.settle()
    one = served.masks(session)
    assert one.sum() in (ball((60, 50, 12), 5).sum(), ball((90, 50, 12), 5).sum())
    person.page.get_by_label("Radius in mm").fill("5")
    person.page.get_by_label("Radius in mm").press("Tab")
    person.page.locator("#edit-grow").click()
    person.settle()
    grown = served.masks(session)
    assert grown.sum() > one.sum()
    assert (grown >= one).all()
    top = int(np.flatnonzero(grown.any(axis=(0, 1))).max())
    person.look((90, 50, top))
    person.page.locator("#edit-copy").click()
    person.settle()
    assert person.page.evaluate("delineate.crosshair()")[2] == top + 1
    copied = served.masks(session)
    assert np.array_equal(copied[:, :, top + 1], grown[:, :, top])


def test_export_downloads_what_is_seen(person, served, head):
    session = first(person, head)
    assert "Not exported" in person.page.locator("#saved").inner_text()
    person.key("e")
    person.page.locator("#export-format").select_option("nifti")
    with person.page.expect_download() as found:
        person.page.locator("#download").click()
    assert found.value.suggested_filename.endswith(".nii.gz")
    assert np.array_equal(canonical(found.value.path().read_bytes()), served.masks(session))
    wait_until(lambda: "Exported" in person.page.locator("#saved").inner_text())


def test_two_channels_side_by_side_and_a_mark_in_either(person, served, head):
    import nibabel

    session = person.open(head)
    person.key("6", "i", "c")
    wait_until(lambda: person.page.evaluate("delineate.where([0, 0, 0], 0)") is None)
    stage = person.page.locator("#stage").bounding_box()
    across = (stage["width"] - 2) / 2 + 2
    image = nibabel.as_closest_canonical(nibabel.load(served.folder / head))
    values = np.asarray(image.dataobj)
    ranges = served.state(session)["image"]["ranges"]
    for channel in (0, 1):
        low, high = ranges[channel][2:]
        for voxel in ((40, 40, 12), (75, 70, 12), (90, 30, 12)):
            x, y = person.at(voxel)
            grey = np.clip((values[*voxel, channel] - low) * 255 / (high - low), 0, 255)
            shown = person.pixel(x + channel * across, y)
            assert np.allclose(shown, grey, atol=1), (channel, voxel)
    x, y = person.at((60, 50, 12))
    person.page.mouse.click(x + across, y)
    person.settle()
    assert np.array_equal(served.masks(session) == 1, ball((60, 50, 12), 5))
    person.page.mouse.click(*person.at((80, 50, 12)))
    person.settle()
    both = ball((60, 50, 12), 5) | ball((80, 50, 12), 5)
    assert np.array_equal(served.masks(session) == 1, both)


def test_a_segmentation_of_a_file_comes_in_with_names_and_colours(person, served, head, tmp_path):
    session = first(person, head)
    person.page.get_by_label("Name of object 1").fill("lesion")
    person.page.get_by_label("Name of object 1").press("Enter")
    person.settle()
    person.key("n")
    wait_until(lambda: len(served.state(session)["objects"]) == 2)
    person.settle()
    person.click((80, 50, 12))
    masks, objects = served.masks(session), served.state(session)["objects"]
    (tmp_path / "found.seg.nrrd").write_bytes(
        served.get(f"/api/sessions/{session}/export?format=nrrd")
    )
    for _ in range(5):
        person.key("z")
        person.settle()
    assert served.state(session)["objects"] == []
    assert "nothing to undo" in person.messages()
    person.page.get_by_text("Load a segmentation").click()
    picker = person.page.locator(".dialog input[type=file]")
    picker.set_input_files(tmp_path / "found.seg.nrrd")
    wait_until(lambda: len(served.state(session)["objects"]) == 2)
    person.settle()
    told = ("name", "colour", "voxels")
    now = served.state(session)["objects"]
    assert [[row[key] for key in told] for row in now] == [
        [row[key] for key in told] for row in objects
    ]
    assert np.array_equal(served.masks(session), masks)
    assert person.label((80, 50, 12)) == now[1]["number"]
    assert person.steps() == ["open found.seg.nrrd"]
    person.key("z")
    person.settle()
    assert served.state(session)["objects"] == []
    person.key("Shift+Z")
    person.settle()
    assert np.array_equal(served.masks(session), masks)


def test_a_segmentation_in_the_folder_is_picked_from_the_list(person, served, head):
    import nibabel

    image = nibabel.load(served.folder / head)
    labels = np.zeros(image.shape[:3], np.uint8)
    labels[20:30, 40:60, 5:9] = 1
    path = served.folder / f"known_{head}"
    nibabel.save(nibabel.Nifti1Image(labels, image.affine), path)
    session = person.open(head)
    person.page.get_by_text("Load a segmentation").click()
    person.page.locator(".dialog").get_by_title(f"Open {path.name}").click()
    wait_until(lambda: served.state(session)["objects"])
    person.settle()
    canonical_labels = nibabel.as_closest_canonical(nibabel.load(path)).get_fdata()
    assert np.array_equal(served.masks(session) > 0, canonical_labels > 0)
    path.unlink()
