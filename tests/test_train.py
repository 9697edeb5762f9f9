"""Training: it lowers the loss, goes on after a kill to the same bits, and never learns from
what it is validated on."""

import json
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import psutil
import pytest
import torch

from delineate.models import load
from delineate.synth.recipe import Recipe
from delineate.train.checkpoint import read_checkpoint
from delineate.train.data import Data, load_data
from delineate.train.errors import TrainingError
from delineate.train.journal import read_journal
from delineate.train.loop import train
from delineate.train.machine import Run
from delineate.train.packed import Packed
from delineate.train.recipe import with_settings
from delineate.train.recipes import RECIPES, find
from delineate.train.validation import dice, predict

SETTINGS = {
    "network.width": 4,
    "network.layers": [1, 1],
    "network.dilations": [1, 2],
    "size": [24, 24],
    "batch": 4,
    "steps": 24,
    "optimiser.rate": 0.02,
    "optimiser.warm_up": 2,
    "synth.extent": [24, 40],
    "real": [],
}
TINY = replace(with_settings(find("pnet"), SETTINGS), synth=Recipe(extent=(24, 40)).only("blobs"))
EASY = replace(TINY, real=(("discs", 1.0),))
RUN = Run(accelerator="cpu", precision="fp32", threads=1, workers=0, log_every=4, validate_every=0)


def discs(dataset: str, count: int = 4) -> tuple[Packed, ...]:
    """Bright discs on dark ground with noise, each of them a case."""
    rng = np.random.default_rng(0)
    i, j = np.mgrid[:30, :34]
    made = []
    for n in range(count):
        mask = (i - 15) ** 2 + (j - 17) ** 2 < (6 + n) ** 2
        image = (mask + rng.normal(0, 0.1, mask.shape)).astype(np.float32)
        made.append(
            Packed(
                dataset, str(n), image[..., None], mask[..., None].astype(np.int16), 2, ("disc",)
            )
        )
    return tuple(made)


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A training that nothing disturbed, and its folder."""
    out = tmp_path_factory.mktemp("whole")
    return train(TINY, Data(), out, RUN), out


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """The folder of a training on discs, which are easy."""
    out = tmp_path_factory.mktemp("taught")
    train(EASY, Data(real={"discs": discs("discs")}), out, RUN)
    return out


def test_a_few_steps_lower_the_loss(taught):
    losses = [line["loss"] for line in read_journal(taught / "log.jsonl") if "loss" in line]
    assert len(losses) == 6
    assert losses[-1] < 0.5 * losses[0]


def test_what_a_training_leaves(whole):
    held, out = whole
    assert held.step == 24 and held.best == -1 and held.data == {"synthetic": 1.0}
    net, info = load(out / "weights" / "pnet.safetensors")
    assert (info.steps, info.samples, info.seen, info.licence) == (24, 96, (), "Apache-2.0")
    assert torch.equal(
        net.state_dict()["blocks.0.0.bias"],
        held.average["blocks.0.0.bias"].to(torch.bfloat16).float(),
    )
    assert not same(held.average, held.net)


def test_a_training_that_is_interrupted_goes_on_to_the_same_bits(whole, tmp_path):
    def stop(step, values):
        if step == 12:
            raise KeyboardInterrupt

    often = replace(RUN, checkpoint_minutes=0.0)
    with pytest.raises(KeyboardInterrupt):
        train(TINY, Data(), tmp_path, often, observe=stop)
    assert read_checkpoint(tmp_path / "last.pt").step == 11
    again = train(TINY, Data(), tmp_path, RUN, resume=True)
    held, out = whole
    assert again.step == 24
    assert same(again.net, held.net) and same(again.average, held.average)
    ours, theirs = (
        [(line["step"], line.get("loss")) for line in read_journal(folder / "log.jsonl")]
        for folder in (tmp_path, out)
    )
    assert [step for step, _ in ours] == [step for step, _ in theirs]
    assert ours[-2:] == theirs[-2:]


KILLED = """
import sys
sys.path.insert(0, {tests!r})
from dataclasses import replace
from pathlib import Path
from test_train import RUN, TINY
from delineate.train.data import Data
from delineate.train.loop import train
if __name__ == "__main__":
    run = replace(RUN, checkpoint_minutes=0.0, log_every=1, workers=1)
    train(TINY, Data(), Path({out!r}), run)
"""


def test_a_training_that_is_killed_goes_on_to_the_same_bits_and_leaves_no_process(
    whole, tmp_path, request
):
    script, out = tmp_path / "script.py", tmp_path / "out"
    script.write_text(KILLED.format(tests=str(request.path.parent), out=str(out)))
    process = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None and len(read_journal(out / "log.jsonl")) < 4:
            time.sleep(0.01)
        makers = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.wait()
    gone, alive = psutil.wait_procs(makers, timeout=20)
    assert gone and not alive
    assert 0 < read_checkpoint(out / "last.pt").step < 24
    again = train(TINY, Data(), out, RUN, resume=True)
    assert same(again.net, whole[0].net) and same(again.average, whole[0].average)


def test_a_training_out_of_time_stops_and_goes_on(whole, tmp_path):
    held = train(TINY, Data(), tmp_path, replace(RUN, minutes=1e-9))
    assert held.step == 1
    assert same(train(TINY, Data(), tmp_path, RUN, resume=True).net, whole[0].net)


def test_validation_never_trains(whole, tmp_path):
    data = Data(validation=discs("held"))
    held = train(TINY, data, tmp_path, replace(RUN, validate_every=5))
    assert same(held.net, whole[0].net) and same(held.average, whole[0].average)
    lines = [line for line in read_journal(tmp_path / "log.jsonl") if "dice" in line]
    assert [line["step"] for line in lines] == [5, 10, 15, 20, 24]
    assert lines[-1]["dice"]["held"] == lines[-1]["dice"]["mean"] >= 0
    assert held.best == max(line["dice"]["mean"] for line in lines)
    best = json.loads((tmp_path / "weights" / "manifest.json").read_text())["weights"]
    assert [(one["name"], one["scores"]["mean"]) for one in best] == [
        ("pnet", lines[-1]["dice"]["mean"]),
        ("pnet-best", held.best),
    ]


def test_nothing_is_both_learnt_from_and_validated_on():
    with pytest.raises(TrainingError, match="discs/0 is learnt from and used for validation"):
        Data(real={"discs": discs("discs")}, validation=discs("discs", 1))


def test_real_images_are_learnt_from_and_named(tmp_path):
    held = train(replace(EASY, steps=4), Data(real={"discs": discs("discs")}), tmp_path, RUN)
    assert held.data == {"discs": 1.0} and held.seen == ["disc"]
    _, info = load(tmp_path / "weights" / "pnet.safetensors")
    assert "not to be shared" in info.licence


def test_shares_add_up_and_count_painted_anatomy():
    recipe = replace(find("pnet"), synth=Recipe(anatomy=0.5))
    maps = (np.zeros((4, 4, 4), np.int16),)
    assert Data(label_maps=maps).shares(recipe) == pytest.approx(
        {"synthetic": 0.44, "label_maps": 0.44, "dsb2018": 0.07, "sts_ct": 0.05}
    )
    assert Data().shares(replace(recipe, real=())) == {"synthetic": 1.0}


def test_masks_in_bf16_agree_with_those_in_fp32(taught):
    net, _ = load(taught / "weights" / "pnet.safetensors")
    for one in discs("any"):
        image = one.image[..., 0]
        exact = predict(net, image, (24, 24)) >= 0.5
        with torch.autocast("cpu", torch.bfloat16):
            quick = predict(net, image, (24, 24)) >= 0.5
        assert exact.any() and dice(exact, quick) >= 0.97


def test_training_in_bf16_comes_near_training_in_fp32(taught, tmp_path):
    data = Data(real={"discs": discs("discs")})
    train(EASY, data, tmp_path, replace(RUN, precision="bf16"))
    nets = [load(out / "weights" / "pnet.safetensors")[0] for out in (taught, tmp_path)]
    for one in discs("any"):
        answers = [predict(net, one.image[..., 0], (24, 24)) >= 0.5 for net in nets]
        assert dice(*answers) >= 0.9


def test_a_3d_network_goes_through_the_same_loop(tmp_path):
    recipe = with_settings(
        find("pcnet"),
        {
            "network": {"width": 3, "compressed": 2, "layers": [1, 1], "dilations": [1, 1]},
            "size": [16, 16, 12],
            "batch": 2,
            "steps": 2,
            "real": [],
        },
    )
    box = Packed("held", "0", np.ones((9, 8, 4), np.float32), np.ones((9, 8, 4), np.int16))
    held = train(recipe, Data(validation=(box,)), tmp_path, RUN)
    assert held.step == 2 and set(held.scores) == {"held", "mean"}


def test_a_training_goes_on_from_weights_and_says_what_they_had_seen(taught, tmp_path):
    file = taught / "weights" / "pnet.safetensors"
    train(replace(TINY, start=str(file), steps=1), Data(), tmp_path, replace(RUN, minutes=1e-9))
    net, info = load(tmp_path / "weights" / "pnet.safetensors")
    assert info.data == {"discs": 0.0, "synthetic": 1.0} and info.seen == ("disc",)
    assert "not to be shared" in info.licence and info.recipe["start"] == "pnet"
    assert (info.steps, info.samples) == (25, 100)  # 24 before, then one more
    image = discs("any")[0]
    assert dice(predict(net, image.image[..., 0], (24, 24)) >= 0.5, image.labels[..., 0] > 0) > 0.8


def test_trainings_that_do_not_fit_are_refused(whole, tmp_path):
    _, out = whole
    with pytest.raises(TrainingError, match="holds a training already"):
        train(TINY, Data(), out, RUN)
    with pytest.raises(TrainingError, match="no training to go on with"):
        train(TINY, Data(), tmp_path, RUN, resume=True)
    with pytest.raises(TrainingError, match="trained with another batch, 4"):
        train(replace(TINY, batch=8), Data(), out, RUN, resume=True)
    with pytest.raises(TrainingError, match="on 1 devices in fp32"):
        train(TINY, Data(), out, replace(RUN, precision="bf16"), resume=True)
    with pytest.raises(TrainingError, match="learns from 'discs', and there is none"):
        train(replace(TINY, real=(("discs", 0.5),)), Data(), tmp_path, RUN)
    with pytest.raises(TrainingError, match="is not a folder"):
        load_data(tmp_path / "none", TINY, tmp_path)


def test_a_loss_that_is_not_finite_ends_it(tmp_path):
    wild = replace(TINY, optimiser=replace(find("pnet-paper").optimiser, rate=1e30))
    with pytest.raises(TrainingError, match=r"the loss is (nan|inf) after"):
        train(wild, Data(), tmp_path, RUN)


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_come_back_from_json(name):
    from delineate.train.recipe import from_json

    changed = with_settings(find(name), {"network.width": 5, "seed": 3, "real": [["x", 1]]})
    assert changed.network.width == 5 and changed.real == (("x", 1),)
    assert from_json(find(name), json.loads(json.dumps(changed.to_json()))) == changed


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"network.colour": 1}, "no field 'network.colour'"),
        ({"steps": "many"}, "steps is 60000"),
        ({"steps": 0}, "steps is 0"),
        ({"average": 1.0}, "average is 1.0"),
        ({"size": [8, 8, 8]}, "cannot be trained on crops"),
        ({"real": [["x", 0.7], ["y", 0.7]]}, "at most 1 in all"),
        ({"network.layers": [1]}, "network. cannot be"),
        ({"synth.tubes": -1}, "tubes is -1"),
        ({"name": "other"}, "stays so"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, text):
    with pytest.raises(TrainingError, match=text):
        with_settings(find("pnet"), settings)


def test_unknown_recipes_and_runs_are_refused():
    with pytest.raises(TrainingError, match="no recipe 'unet'"):
        find("unet")
    with pytest.raises(TrainingError, match="precision is 'fp8'"):
        Run(precision="fp8")
    with pytest.raises(TrainingError, match="devices is 0"):
        Run(devices=0)
    with pytest.raises(TrainingError, match="workers is -1"):
        Run(workers=-1)


def test_training_needs_no_reader_of_images():
    heavy = "{'monai', 'SimpleITK', 'nibabel', 'pandas', 'tifffile'}"
    code = f"import sys, delineate.train.loop; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
