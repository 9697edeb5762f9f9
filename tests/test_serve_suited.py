"""The method of a session for which nobody has chosen one."""

import nibabel as nib
import numpy as np
from typer.testing import CliRunner

from delineate import samples
from delineate.cli import app
from delineate.errors import SessionError
from delineate.methods.click_fcn import ClickFCN
from delineate.methods.graphcut import GraphCut
from delineate.serve import suited as module
from delineate.serve.suited import suited
from delineate.volume import Volume
from serving import Page, click, copy_to, error, served


def test_one_click_is_enough_where_the_weights_are(monkeypatch):
    picture = Volume.from_array(np.zeros((8, 8)))
    scan = Volume.from_array(np.zeros((8, 8, 8)))
    coloured = Volume.from_array(np.zeros((8, 8, 3)), channel_axis=2)
    layers = Volume.from_array(np.zeros((2, 8, 8)), channel_axis=0)
    assert suited(picture) == suited(coloured) == ClickFCN()
    assert suited(layers) == ClickFCN(channel=0)
    assert suited(scan) == GraphCut()
    solid = [info for info in module.list_models() if info.name != "click-2d"]
    monkeypatch.setattr(module, "list_models", lambda: solid)
    assert suited(picture) == GraphCut()


def test_one_click_on_the_sample_picture_finds_the_cell(tmp_path):
    copy_to(tmp_path, samples.cell(), "cell.png")
    with served(tmp_path, method="") as client:
        assert client.get("/api/about").json()["default"] == {"method": None, "fields": {}}
        page = Page(client, "cell.png")
        assert page.state()["method"]["name"] == "click_fcn"
        page.mark(click(121, 284, 0))
        found = page.labels == 1
        image = nib.Nifti1Image.from_bytes(client.get(page.url("image")).content).get_fdata()
        bright = image > np.percentile(image, 97)
        assert 2 * (found & bright).sum() > 0.8 * (found.sum() + bright.sum())
        refused = {"path": "cell.png", "fields": {"channel": 1}, "resume": False}
        assert error(client.post("/api/sessions", json=refused)) == (422, "Invalid")


def test_fields_without_a_method_are_refused(tmp_path):
    words = ["serve", "--set", "sigma=1", "--home", str(tmp_path / "h"), "--no-browser"]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, SessionError)
    assert "say which method" in str(done.exception)
