"""Weights as ONNX files: ONNX Runtime says what the network says."""

import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from delineate.cli import app
from delineate.errors import MethodError, MissingExtra
from delineate.models import Info, load, onnx, save
from delineate.models.architectures import architecture, build, to_json
from delineate.networks.pcnet import PCNetSizes
from delineate.networks.unet import UNetSizes

UNET = UNetSizes(channels=3, width=2, levels=2)
PLACED = PCNetSizes(width=4, compressed=2, placed=True)


def saved(folder, sizes, size):
    torch.manual_seed(0)
    info = Info(name="w", architecture=architecture(sizes), sizes=to_json(sizes), size=size)
    save(folder, info, build(sizes).state_dict())
    return folder / "w.safetensors"


@pytest.mark.parametrize(("sizes", "size"), [(UNET, (8, 12)), (PLACED, (8, 8, 6))])
def test_the_file_answers_as_the_network(tmp_path, sizes, size):
    runtime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    weights, path = saved(tmp_path, sizes, size), tmp_path / "new" / "w.onnx"
    done = CliRunner().invoke(app, ["models", "export", str(weights), "--onnx", str(path)])
    assert done.exit_code == 0, done.output
    assert "differ from the network's by" in done.output
    session = runtime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    channels = 3 if sizes is UNET else 4
    shape = (16, 8) if sizes is UNET else size
    inputs = np.random.default_rng(3).standard_normal((1, channels, *shape), np.float32)
    (found,) = session.run(None, {"inputs": inputs})
    net, info = load(weights)
    np.testing.assert_allclose(found, net(torch.from_numpy(inputs)).softmax(1), atol=1e-5)
    assert found.shape == (1, 2, *shape)
    held = json.loads(session.get_modelmeta().custom_metadata_map["delineate"])
    assert Info.from_json(held) == info
    assert [one.name for one in path.parent.iterdir()] == ["w.onnx"]


def test_a_file_that_answers_otherwise_is_not_left_behind(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    weights, path = saved(tmp_path, UNET, (8, 12)), tmp_path / "new" / "w.onnx"
    monkeypatch.setattr(onnx, "CLOSE", -1.0)
    with pytest.raises(MethodError, match="differs from the network by"):
        onnx.export_onnx(weights, path)
    assert not list(path.parent.iterdir())


def test_a_missing_package_says_what_to_type(monkeypatch):
    monkeypatch.setattr(onnx, "NEEDED", ("onnxruntime_of_nobody",))
    with pytest.raises(MissingExtra, match=r'pip install "delineate\[onnx\]"'):
        onnx.need()
    with pytest.raises(MethodError, match="no weights 'nobody'"):
        load("nobody")


def test_weights_are_listed_as_before():
    done = CliRunner().invoke(app, ["models", "--json"])
    assert done.exit_code == 0
    assert {"pnet", "pcnet"} <= {one["name"] for one in json.loads(done.output)}
