"""The runs of `delineate bench` behind docs/clicks.md: which variants, which user, how long."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from classical import classical
from runs import LARGE_3D, Asked, Runs

OWN, RAW = "click_fcn", "without honouring"
USER, IMPERFECT, DRAWN = "click", "imperfect-click", "click-random"
MOST = 20
"""Clicks that the deterministic user may make."""

VARIANTS: Mapping[str, Mapping[str, str]] = {
    "mirrored": {"mirrored": "true"},
    RAW: {"honour": "false"},
    "tuned on clicks": {"steps": "20"},
    "tuned, without honouring": {"steps": "20", "honour": "false"},
}
"""Each field that goes beyond the paper, the other way than it is by default ..."""

LOOKS: Mapping[int, Mapping[str, Mapping[str, str]]] = {
    2: {"one look": {"looks": "1"}},
    3: {"three looks": {"looks_3d": "3"}, "the whole volume first": {"scales_3d": "1"}},
}
"""... and that which differs between pictures and volumes."""

PLAIN: Mapping[str, str] = {"looks": "1", "scales_2d": "1", "beside": "0", "honour": "false"}
"""The paper's method: one look at the whole image, and the network's answer as it is."""


@dataclass(frozen=True)
class Bench(Runs):
    """Runs of the click-guided network and of what it is compared with."""

    method: ClassVar[str] = "click_fcn"

    def label(self, fields: Mapping[str, str] | None = None, weights: str | None = None) -> str:
        """A variant as `delineate bench` has it."""
        named = self.weights if weights is None else weights
        return self.labelled({**(fields or {}), "weights": named})


def goals(bench: Bench, user: str) -> Asked:
    """The default alone: with the deterministic user up to 20 clicks, with another one 10."""
    return Asked({OWN: bench.label()}, rounds=(MOST if user == USER else 10) - 1, user=user)


def peers(bench: Bench) -> Asked:
    """All classical methods and this one, five clicks."""
    methods = {OWN: bench.label(), **{name: name for name in classical(bench.dims)}}
    without = LARGE_3D if bench.dims == 3 else ()
    return Asked(methods, rounds=4, user=USER, without=without)


def variants(bench: Bench, weights: Mapping[str, str]) -> Asked:
    """Fields beyond the paper, each changed alone; and other weights with the default's fields."""
    fields = {OWN: {}, **LOOKS[bench.dims], **VARIANTS}
    methods = {name: bench.label(own) for name, own in fields.items()}
    methods |= {name: bench.label(weights=path) for name, path in weights.items()}
    return Asked(methods, rounds=9, user=USER, without=LARGE_3D if bench.dims == 3 else ())


def framed(bench: Bench, weights: Mapping[str, str]) -> Asked:
    """From a box, and scribbles instead of clicks: what the further maps are for."""
    methods = {OWN: bench.label()}
    methods |= {name: bench.label(weights=path) for name, path in weights.items()}
    without = LARGE_3D if bench.dims == 3 else ()
    return Asked(methods, rounds=3, user="box-scribble", without=without)
