"""The parts of training, by hand: rates, average, loss, sources, packing, the command line."""

import json
import math
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from delineate.networks.pcnet import PCNetSizes
from delineate.synth.recipe import Recipe
from delineate.train.average import Average
from delineate.train.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from delineate.train.crops import Crops, normalised
from delineate.train.data import load_data
from delineate.train.errors import TrainingError
from delineate.train.feeding import batches
from delineate.train.journal import Journal, draw_curves, read_journal
from delineate.train.losses import loss, soft_dice
from delineate.train.mixture import Mixture
from delineate.train.packed import Packed, read_packed, write_packed
from delineate.train.rates import AdamW, Sgd
from delineate.train.recipes import RECIPES
from delineate.train.recipes.pcnet import pcnet
from delineate.train.recipes.pnet import pnet
from delineate.train.validation import dice, predict, validate

BLOBS = Recipe(extent=(24, 40)).only("blobs")


def square(dataset="squares", case="0", side=12, shape=(40, 40, 1)) -> Packed:
    """A bright square, or a block in the middle slices."""
    mask = np.zeros(shape, np.int16)
    mask[10 : 10 + side, 10 : 10 + side, shape[2] // 4 : shape[2] // 4 + max(shape[2] // 2, 1)] = 1
    return Packed(dataset, case, mask.astype(np.float32), mask, 2, ("square",))


def test_rates_of_the_paper():
    rates = Sgd()
    assert [rates.rate_at(step, 80_000) for step in (0, 4999, 5000, 10_000, 79_999)] == [
        1e-3, 1e-3, 5e-4, 2.5e-4, 1e-3 / 2**15,
    ]  # fmt: skip
    group = rates.build(nn.Linear(1, 1)).param_groups[0]
    assert (group["momentum"], group["weight_decay"]) == (0.9, 5e-4)


def test_rates_that_rise_and_fall():
    rates = AdamW(rate=2.0, warm_up=4, last=0.1)
    assert [rates.rate_at(step, 14) for step in range(4)] == [0.5, 1.0, 1.5, 2.0]
    assert rates.rate_at(4, 14) == 2.0
    assert rates.rate_at(9, 14) == pytest.approx(2.0 * (0.1 + 0.9 / 2))
    third = (1 + math.cos(math.pi / 5)) / 2
    assert rates.rate_at(6, 14) == pytest.approx(2.0 * (0.1 + 0.9 * third))
    assert rates.rate_at(14, 14) == rates.rate_at(99, 14) == pytest.approx(0.2)


def test_the_average_by_hand():
    net = nn.Linear(1, 1, bias=False)
    nn.init.constant_(net.weight, 1.0)
    average = Average(net, decay=0.9)
    expected = 1.0
    for step, value in enumerate([3.0, -2.0, 5.0]):
        nn.init.constant_(net.weight, value)
        average.update(net, step)
        kept = [1 / 10, 2 / 11, 3 / 12][step]
        expected = kept * expected + (1 - kept) * value
    assert average.values["weight"].item() == pytest.approx(expected)
    average.update(net, step=1000)
    assert average.values["weight"].item() == pytest.approx(0.9 * expected + 0.1 * 5)


def test_the_loss_by_hand():
    p = 0.8
    logits = torch.tensor([[[0.0, 0.0]], [[0.0, 0.0]]]).swapaxes(0, 1)
    logits[0, 1] = math.log(p / (1 - p))
    mask = torch.tensor([[True, False]])
    entropy = -(math.log(p) + math.log(1 - p)) / 2
    assert loss(logits, mask, 0.0).item() == pytest.approx(entropy)
    overlap = (2 * p + 1) / (2 * p + 1 + 1)
    assert loss(logits, mask, 0.5).item() == pytest.approx(entropy + 0.5 * (1 - overlap))
    empty = torch.zeros(1, 4, dtype=torch.bool)
    assert soft_dice(torch.zeros(1, 4), empty).item() == 1
    each = torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([[True, False], [True, False]])
    assert soft_dice(*each).item() == pytest.approx((1 + 1 / 2) / 2)


def test_shares_are_kept():
    crops = Crops([square()], 2, 30)
    mixture = Mixture(3, (24, 24), 4, BLOBS, real=((crops, 0.3),))
    synthetic = Mixture(3, (24, 24), 4, BLOBS)
    differ = [not np.array_equal(mixture.sample(n)[0], synthetic.sample(n)[0]) for n in range(200)]
    assert 0.22 < np.mean(differ) < 0.38
    wide = Crops([square("wide", side=25)], 2, 30)
    both = Mixture(3, (24, 24), 4, BLOBS, real=((crops, 0.3), (wide, 0.7)))
    cuts = []
    crops.draw = lambda *_: (cuts.append("crops"), None)
    wide.draw = lambda *_: (cuts.append("wide"), None)
    for n in range(200):
        both.sample(n)
    assert len(cuts) == 200 and 0.22 < cuts.count("crops") / 200 < 0.38


def test_dice_of_a_batch_lets_a_sample_be_empty():
    mask = torch.zeros(2, 4, 4, dtype=torch.bool)
    mask[0, :2] = True
    inside = torch.full((2, 4, 4), 0.5)
    logits = torch.stack([torch.zeros(2, 4, 4), torch.logit(inside)], dim=1)
    entropy = math.log(2)
    assert float(loss(logits, mask, 1.0, together=True)) == pytest.approx(entropy + 1 - 9 / 25)
    apart = (1 - 9 / 17 + 1 - 1 / 9) / 2
    assert float(loss(logits, mask, 1.0)) == pytest.approx(entropy + apart)


def test_a_slab_is_some_slices_of_the_crop():
    whole = Mixture(3, (16, 16, 12), 4, BLOBS)
    slabs = Mixture(3, (16, 16, 12), 4, BLOBS, slab=5)
    first = []
    for n in range(30):
        (image, mask), (all_of_it, object_) = slabs.sample(n), whole.sample(n)
        assert image.shape == (1, 16, 16, 5) and mask.shape == (16, 16, 5)
        at = [k for k in range(8) if np.array_equal(image, all_of_it[..., k : k + 5])]
        assert len(at) == 1 and np.array_equal(mask, object_[..., at[0] : at[0] + 5])
        first += at
    assert set(first) == set(range(8))


def test_a_sample_says_where_in_the_box_its_voxels_lie():
    plain = Mixture(3, (16, 16, 12), 4, BLOBS, slab=5)
    placed = Mixture(3, (16, 16, 12), 4, BLOBS, slab=5, sizes=PCNetSizes(placed=True))
    for n in range(8):
        image, _ = placed.sample(n)
        assert image.shape == (4, 16, 16, 5) and image.dtype == np.float32
        assert np.array_equal(image[:1], plain.sample(n)[0])
        assert np.allclose(image[1, :, 3, 2], np.abs(np.arange(16) - 7.5) / 8)
        ways = [np.abs(np.arange(first, first + 5) - 5.5) / 6 for first in range(8)]
        assert any(np.allclose(image[3, 2, 3], way) for way in ways)


@pytest.mark.parametrize(("size", "slab"), [((96, 96), 4), ((32, 32, 16), 17), ((32, 32, 16), -1)])
def test_a_slab_lies_in_the_crop(size, slab):
    made = pcnet() if len(size) == 3 else pnet()
    with pytest.raises(TrainingError, match=f"slab is {slab}; a crop of"):
        replace(made, size=size, slab=slab)


def test_batches_are_the_same_from_any_number_of_processes():
    mixture = Mixture(3, (24, 24), 4, BLOBS, real=((Crops([square()], 2, 30), 0.3),))
    images, masks = mixture.batch(5)
    assert images.shape == (4, 1, 24, 24) and masks.dtype == bool
    assert np.array_equal(images[1], mixture.sample(21)[0])
    here = list(islice(batches(mixture, 0, start=1, stride=2), 2))
    there = list(islice(batches(mixture, 1, start=1, stride=2), 2))
    for n, (one, other) in enumerate(zip(here, there, strict=True)):
        assert np.array_equal(one[0], mixture.batch(1 + 2 * n)[0])
        assert np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])


@pytest.mark.parametrize(("dims", "size"), [(2, (24, 32)), (3, (20, 20, 12))])
def test_crops_of_real_images_hold_the_object(dims, size):
    crops = Crops([square(shape=(40, 40, 16))], dims, 30)
    assert {one.at for one in crops.objects[0]} == (set(range(4, 12)) if dims == 2 else {None})
    for seed in range(12):
        image, mask = crops.draw(np.random.default_rng(seed), size, Recipe(gaussian=0))
        assert image.shape == (1, *size) and mask.shape == size and image.dtype == np.float32
        assert abs(image.mean()) < 1e-4 and abs(image.std() - 1) < 1e-3
        assert abs(np.corrcoef(image.ravel(), mask.ravel())[0, 1]) > 0.9


def test_small_objects_are_left_out():
    with pytest.raises(TrainingError, match=r"\['squares'\] has no object of 30 voxels"):
        Crops([square(side=5)], 2, 30)


def test_a_constant_image_is_normalised_to_nothing():
    assert np.array_equal(normalised(np.full((4, 4), 7, np.float32)), np.zeros((4, 4)))


class Bright(nn.Module):
    """Answers the object where the image is bright."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(50.0))
        self.shapes = []

    def forward(self, image):
        self.shapes.append(tuple(image.shape[2:]))
        return torch.cat([-self.scale * image, self.scale * image], dim=1)


def test_validation_by_hand():
    net = Bright().eval()
    half = square("b", "1")
    wrong = Packed("b", "2", -half.image, half.labels, 2)
    found = validate(net, [square("a"), half, wrong], (40, 40))
    assert found["a"] == 1.0 and found["b"] == 0.5 and found["mean"] == 0.75
    assert validate(net, [], (24, 24)) == {}
    a, b = np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 1], bool)
    assert dice(a, b) == pytest.approx(2 / 5) and dice(~a & a, ~b & b) == 1


def test_crops_are_resized_as_in_the_paper_and_back():
    net = Bright().eval()
    assert predict(net, np.eye(30, 60, dtype=np.float32), (24, 24)).shape == (30, 60)
    assert predict(net, np.ones((10, 40, 5), np.float32), (16, 20, 8)).shape == (10, 40, 5)
    predict(net, np.ones((10, 40, 5), np.float32), (16, 20, 8), (1.0, 1.0, 6.0))
    assert net.shapes == [(24, 48), (5, 20, 2), (5, 20, 15)]


def turned(item, spacing):
    """The same volume with its slices across J."""
    image, labels = (np.moveaxis(part, 2, 1) for part in (item.image, item.labels))
    return Packed(item.dataset, item.case, image, labels, 1, item.classes, spacing)


def test_volumes_are_validated_across_their_slices_and_in_mm():
    net = Bright().eval()
    validate(net, [turned(square(shape=(40, 24, 5)), (1.0, 4.0, 1.0))], (20, 20, 20))
    assert net.shapes == [(20, 12, 10)]


def test_crops_of_volumes_keep_their_form_in_mm():
    """12 x 12 x 4 voxels are 12 x 12 x 20 mm, so that no corner of a slice is cut off."""
    block = square(shape=(40, 40, 8))
    block.image[10, 10] = 50.0
    crops = Crops([turned(block, (1.0, 5.0, 1.0))], 3, 30)
    kept = replace(Recipe().only("blobs"), stretch=0.0, margin=(0, 0), fraction=(0.0, 1.0),
                   visibility=0.0, window_share=0.1)  # fmt: skip
    for seed in range(8):
        image, mask = crops.draw(np.random.default_rng(seed), (16, 16, 16), kept)
        assert image.shape == (1, 16, 16, 16) and mask.all()
        bright = np.argwhere(image[0] > 4)
        assert set(np.unique(bright[:, :2])) <= {0, 1, 14, 15}
        assert len(np.unique(bright[:, 2])) == 16


def test_packed_there_and_back_again(tmp_path):
    items = (square(), square("other", "x", shape=(40, 40, 8)))
    write_packed(tmp_path / "a.npz", items)
    for one, other in zip(items, read_packed(tmp_path / "a.npz"), strict=True):
        assert np.array_equal(one.image, other.image) and np.array_equal(one.labels, other.labels)
        assert (one.key, one.axis, one.classes) == (other.key, other.axis, other.classes)
    (tmp_path / "b.npz").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match="does not hold packed images"):
        read_packed(tmp_path / "b.npz")
    with pytest.raises(TrainingError, match="is not a checkpoint"):
        read_checkpoint(tmp_path / "b.npz")


def test_a_checkpoint_that_could_not_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    values = dict.fromkeys(Checkpoint.__dataclass_fields__, 1)
    write_checkpoint(tmp_path / "last.pt", Checkpoint(**values))

    def broken(_, path):
        path.write_bytes(b"half")
        raise OSError("the disk is full")

    monkeypatch.setattr(torch, "save", broken)
    with pytest.raises(OSError, match="full"):
        write_checkpoint(tmp_path / "last.pt", Checkpoint(**{**values, "step": 2}))
    assert read_checkpoint(tmp_path / "last.pt").step == 1


def test_a_journal_is_cut_at_the_step_it_goes_on_from(tmp_path):
    path = tmp_path / "log.jsonl"
    journal = Journal(path, 0)
    for step in range(1, 6):
        journal.write(step, loss=1 / step, dice={"mean": 0.5})
    with path.open("a") as file:
        file.write('{"step": 6, "lo')
    Journal(path, 3).write(4, loss=9.0)
    assert [(line["step"], line["loss"]) for line in read_journal(path)][2:] == [(3, 1 / 3), (4, 9)]
    pytest.importorskip("matplotlib")
    assert draw_curves(path, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"
    assert Journal(path, 0) and read_journal(path) == []


def write_case(folder, image, labels, names, instances=False):
    from PIL import Image

    folder.mkdir(parents=True)
    Image.fromarray(image).save(folder / "image.png")
    Image.fromarray(labels).save(folder / "label.png")
    meta = {"labels": names, "dims": 2, "ground_truth": "expert", "instance_labels": instances}
    (folder / "meta.json").write_text(json.dumps(meta))


def picture(seed):
    rng = np.random.default_rng(seed)
    labels = np.zeros((40, 50), np.uint8)
    labels[8:28, 10:30] = 1
    labels[12:20, 14:24] = 3
    return (60 * labels + rng.integers(0, 30, labels.shape)).astype(np.uint8), labels


def test_packing_the_shared_layout(tmp_path):
    from delineate.train.packing import pack

    names = {"1": "cell", "3": "nucleus"}
    for dataset in ("mine", "wbc"):
        for n in range(2):
            write_case(tmp_path / "train" / dataset / f"c{n}", *picture(n), names)
    pack(tmp_path, tmp_path / "out", ["mine"], 2)
    real = read_packed(tmp_path / "out" / "real.npz")
    assert [one.key for one in real] == ["mine/c0", "mine/c1"]
    assert np.unique(real[0].labels).tolist() == [0, 1, 2]
    assert real[0].classes == ("mine: cell", "mine: nucleus") and real[0].axis == 2
    crops = read_packed(tmp_path / "out" / "validation_2d.npz")
    assert [one.key for one in crops] == ["wbc/c0"] * 2 + ["wbc/c1"] * 2
    for crop, area in zip(crops, [320, 80] * 2, strict=True):
        assert np.count_nonzero(crop.labels) == area and crop.labels.shape < (40, 50, 1)
    assert read_packed(tmp_path / "out" / "label_maps.npz") == ()
    many = {"1": "cell instance", "3": "cell instance"}
    write_case(tmp_path / "train" / "many" / "c", *picture(0), many, instances=True)
    pack(tmp_path, tmp_path / "out", ["many"], 2)
    assert read_packed(tmp_path / "out" / "real.npz")[0].classes == ("many: cell instance",)
    with pytest.raises(TrainingError, match="no data set 'other'"):
        pack(tmp_path, tmp_path / "out", ["other"], 2)


def shared(root):
    """A folder of two data sets to validate on and one more, two pictures each."""
    for dataset in ("curvas", "mine", "wbc"):
        for n in range(2):
            folder = root / "train" / dataset / f"c{n}"
            write_case(folder, *picture(n), {"1": "cell", "3": "nucleus"})
    return root


def learning_from(*names):
    return replace(pnet(), size=(24, 24), real=tuple((name, 0.5) for name in names))


def test_sets_to_validate_on_can_be_learnt_from_and_are_then_left_out(tmp_path):
    data, out = shared(tmp_path), tmp_path / "out"
    both = load_data(data, learning_from("wbc", "mine"), out)
    assert {one.dataset for one in both.validation} == {"curvas"} and both.left_out == ("wbc",)
    assert {name: len(items) for name, items in both.real.items()} == {"mine": 2, "wbc": 2}
    assert both.seen(learning_from("wbc")) == ("wbc: cell", "wbc: nucleus")
    assert len(both.mixture(learning_from("wbc", "mine")).real) == 2
    # Packed once, for several recipes.
    mine = load_data(out, learning_from("mine"), tmp_path / "unused")
    assert {one.dataset for one in mine.validation} == {"curvas", "wbc"}
    assert (set(mine.real), mine.left_out) == ({"mine"}, ())
    other = load_data(out, learning_from("curvas"), tmp_path / "unused")
    with pytest.raises(TrainingError, match="learns from 'curvas', and there is none; give --data"):
        other.mixture(learning_from("curvas"))


def test_all_sets_to_validate_on_can_be_learnt_from(tmp_path):
    found = load_data(shared(tmp_path), learning_from("curvas", "wbc"), tmp_path / "out")
    assert found.validation == () and found.left_out == ("curvas", "wbc")


def test_the_command_line_says_what_validation_leaves_out(tmp_path):
    import typer

    from delineate.cli.train import train

    app = typer.Typer()
    app.command("train")(train)
    words = [
        "pnet", "--data", shared(tmp_path), "-o", tmp_path / "run", "--workers", "0",
        "--threads", "1", "--precision", "fp32", "--accelerator", "cpu", "--set",
        "network.width=2", "--set", "size=[24,24]", "--set", "batch=1", "--set",
        'real=[["wbc",0.5],["mine",0.5]]', "--set", "steps=1",
    ]  # fmt: skip
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0
    assert "validation leaves out wbc, which the network learns from" in done.stderr
    assert set(read_checkpoint(tmp_path / "run" / "last.pt").scores) == {"curvas", "mean"}


def test_the_help_of_the_command_line_names_all_recipes():
    from delineate.cli.train import RECIPES as TEXT

    assert TEXT.removesuffix(".").replace(" or ", ", ").split(", ") == list(RECIPES)


def test_volumes_are_learnt_from_in_slices_or_whole_and_pictures_as_no_volumes():
    volume, flat = square("acdc", shape=(40, 40, 16)), square("acdc", "1")
    assert {one.at for one in Crops([volume, flat], 2, 30).objects[1]} == {0}
    assert [own[0].item for own in Crops([flat, volume], 3, 30).objects] == [1]
    with pytest.raises(TrainingError, match="has no object of 30 voxels in 3D"):
        Crops([flat], 3, 30)


def test_the_command_line_trains_on_a_users_own_pairs(tmp_path):
    import typer
    from PIL import Image

    from delineate.cli.models import models
    from delineate.cli.train import train

    for kind in ("images", "labels"):
        (tmp_path / "cells" / kind).mkdir(parents=True)
    for n in range(6):
        image, labels = picture(n)
        Image.fromarray(image).save(tmp_path / "cells" / "images" / f"{n}.png")
        Image.fromarray(labels).save(tmp_path / "cells" / "labels" / f"{n}.png")
    app = typer.Typer()
    app.command("train")(train)
    app.add_typer(models, name="models")
    words = [
        "train", "pnet", "--data", tmp_path / "cells", "-o", tmp_path / "run", "--workers", "0",
        "--threads", "1", "--precision", "fp32", "--accelerator", "cpu", "--set",
        "network.width=2", "--set", "size=[24,24]", "--set", "batch=2", "--set",
        'real=[["cells",0.5]]', "--set", "steps=2",
    ]  # fmt: skip
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0 and "2 of 2 steps" in done.stdout
    more = [*words, "--resume", "--set", "steps=3"]
    done = CliRunner().invoke(app, [str(word) for word in more])
    assert done.exit_code == 0 and "3 of 3 steps" in done.stdout
    held = read_checkpoint(tmp_path / "run" / "last.pt")
    assert held.step == 3 and set(held.scores) == {"cells", "mean"}
    learnt = read_packed(tmp_path / "run" / "packed" / "real.npz")
    assert [one.case for one in learnt] == ["1.png", "2.png", "3.png", "4.png"]
    listed = CliRunner().invoke(app, ["models", "--folder", str(tmp_path / "run" / "weights")])
    assert "pnet-best" in listed.stdout and "24x24" in listed.stdout
    text = CliRunner().invoke(app, ["models", "--json"]).stdout
    assert isinstance(json.loads(text), list)
