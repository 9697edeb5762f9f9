"""Weights: saved, loaded, checked; refused when they are not what they should be."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from delineate.errors import MethodError
from delineate.models import Info, list_models, load, record, save
from delineate.models.architectures import build, from_json, to_json
from delineate.models.manifest import FOLDER, read_manifest
from delineate.networks.pcnet import PCNetSizes
from delineate.networks.pnet import PNetSizes

SIZES = PNetSizes(width=3, layers=(1, 1), dilations=(1, 2))


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    net = build(SIZES)
    info = Info(
        name="small",
        architecture="pnet",
        sizes=to_json(SIZES),
        size=(24, 24),
        data={"synthetic": 0.9, "dsb2018": 0.1},
        seen=("dsb2018: instance",),
        steps=1200,
        scores={"acdc": 0.5, "mean": 0.5},
        licence="Apache-2.0",
    )
    return tmp_path, net, save(tmp_path, info, net.state_dict())


def test_there_and_back_again(saved):
    folder, net, info = saved
    loaded, found = load("small", folder)
    assert found == info == list_models(folder)[0]
    assert info.parameters == sum(value.numel() for value in net.parameters())
    assert not loaded.training and not any(v.requires_grad for v in loaded.parameters())
    for name, value in net.state_dict().items():
        again = loaded.state_dict()[name]
        assert again.dtype == torch.float32
        assert torch.equal(again, value.to(torch.bfloat16).float())
    held = load_file(folder / "small.safetensors")
    assert {value.dtype for value in held.values()} == {torch.bfloat16}


def test_a_file_needs_no_manifest_and_networks_are_kept(saved):
    folder, _, info = saved
    (folder / "manifest.json").unlink()
    net, found = load(folder / "small.safetensors")
    assert found == info
    assert load(str(folder / "small.safetensors"))[0] is net


def test_the_card_says_what_there_is_to_know(saved):
    folder, _, info = saved
    text = (folder / "small.md").read_text(encoding="utf-8")
    for part in ("1,200", "24x24", "synthetic 90%", "dsb2018: instance", "0.500", info.sha256):
        assert part in text


def test_unknown_names_and_missing_files_are_refused(saved):
    folder, _, _ = saved
    with pytest.raises(MethodError, match="there are no weights 'large'; there are: small"):
        load("large", folder)
    with pytest.raises(MethodError, match="is not there"):
        load(folder / "other.safetensors")
    (folder / "small.safetensors").unlink()
    with pytest.raises(MethodError, match="is not there"):
        load("small", folder)


def test_a_file_that_was_changed_is_refused_even_after_it_was_loaded(saved):
    folder, _, _ = saved
    load("small", folder)
    path = folder / "small.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(MethodError, match=r"has SHA-256 .* the manifest says"):
        load("small", folder)


def test_weights_of_another_network_are_refused(saved, tmp_path):
    _, net, info = saved
    path = tmp_path / "wrong.safetensors"

    def write(sizes, state, name="pnet"):
        header = {**info.to_json(), "sizes": sizes, "architecture": name}
        save_file(state, path, metadata={"delineate": json.dumps(header)})

    state = {name: value.clone() for name, value in net.state_dict().items()}
    write({**to_json(SIZES), "width": 4}, state)
    with pytest.raises(MethodError, match="does not fit pnet"):
        load(path)
    write(to_json(SIZES), {**state, "extra": torch.zeros(1)})
    with pytest.raises(MethodError, match=r"extra is .* no such part"):
        load(path)
    write(to_json(SIZES), state, "vnet")
    with pytest.raises(MethodError, match="there is no network 'vnet'"):
        load(path)
    write({"colour": 1}, state)
    with pytest.raises(MethodError, match="has no sizes"):
        load(path)
    save_file(state, path)
    with pytest.raises(MethodError, match="does not say which network"):
        load(path)
    path.write_bytes(b"nothing")
    with pytest.raises(MethodError, match="cannot be read as safetensors"):
        load(path)


def test_a_name_that_is_no_file_name_is_refused(saved):
    folder, net, info = saved
    with pytest.raises(MethodError, match="letters"):
        save(folder, Info(**{**vars(info), "name": "../x"}), net.state_dict())


def test_a_broken_manifest_is_refused(tmp_path):
    assert list_models(tmp_path) == ()
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(MethodError, match="not a manifest"):
        list_models(tmp_path)


def test_sizes_come_back_from_json():
    for name, sizes in (("pnet", SIZES), ("pcnet", PCNetSizes(width=3))):
        assert from_json(name, json.loads(json.dumps(to_json(sizes)))) == sizes


def test_the_package_holds_what_its_manifest_says():
    for name in read_manifest(FOLDER):
        load(name)
        assert (FOLDER / f"{name}.md").is_file()


def test_settings_found_with_weights_are_kept_on_their_card(saved):
    folder, _, info = saved
    page = (folder / "small.md").read_text(encoding="utf-8")
    assert "Settings found" not in page
    record("small", "bifseg", {"lambda_2d": 3.0, "rate": 0.01}, folder)
    record(folder / "small.safetensors", "bifseg", {"rate": 0.02})
    found = record("small", "other", {"t": 1}, folder)
    tuned = {"bifseg": {"lambda_2d": 3.0, "rate": 0.02}, "other": {"t": 1}}
    assert found.tuned == tuned and load("small", folder)[1] == found
    assert found.sha256 == info.sha256, "the file itself is as it was"
    text = (folder / "small.md").read_text(encoding="utf-8")
    assert text.startswith(page) and "- bifseg: lambda_2d 3.0, rate 0.02\n- other: t 1\n" in text
    with pytest.raises(MethodError, match=r"has no weights 'large'; it has: small"):
        record("large", "bifseg", {}, folder)


def test_cards_without_settings_are_read(saved):
    _, _, info = saved
    old = {name: value for name, value in info.to_json().items() if name != "tuned"}
    assert Info.from_json(old) == info and info.tuned == {}
