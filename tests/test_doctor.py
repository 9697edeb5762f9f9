"""The doctor says what is here, and the line to type for what is not."""

from importlib.metadata import PackageNotFoundError

import psutil

from delineate import doctor


def found(name):
    return {finding.name: finding for finding in doctor.examine()}[name]


def test_everything_here_is_fine():
    assert all(finding.fine for finding in doctor.examine() if not finding.name.startswith("extra"))
    assert found("numpy").value[0].isdigit()
    assert found("threads").value.split()[0].isdigit()
    assert found("bf16").value.startswith(("in hardware", "emulated"))


def test_a_missing_package_gets_the_line_to_type(monkeypatch):
    real = doctor.version

    def version(name):
        if name in ("matplotlib", "nibabel"):
            raise PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor, "version", version)
    extra = found("extra bench")
    assert (extra.fine, extra.advice) == (False, 'pip install "delineate[bench]"')
    assert extra.value == "missing matplotlib"
    assert found("nibabel").advice == "pip install nibabel"


def test_little_memory_is_said(monkeypatch):
    class Little:
        available = 2**30

    monkeypatch.setattr(psutil, "virtual_memory", Little)
    memory = found("free memory")
    assert (memory.fine, memory.value) == (False, "1.0 GiB")
    assert "close other programs" in memory.advice
