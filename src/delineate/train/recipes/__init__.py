"""Recipes by name. To add one: write its function, add its line here."""

from collections.abc import Callable

from ..errors import TrainingError
from ..recipe import Training
from .clicks import click_2d, click_3d, click_paper
from .comparisons import deepmedic, fcn, highres3dnet, unet_basic
from .pcnet import pcnet, pcnet_paper
from .planes import planes
from .pnet import pnet, pnet_paper

RECIPES: dict[str, Callable[[], Training]] = {
    "pnet": pnet,
    "pnet-paper": pnet_paper,
    "pcnet": pcnet,
    "pcnet-paper": pcnet_paper,
    "planes": planes,
    "fcn": fcn,
    "unet-basic": unet_basic,
    "deepmedic": deepmedic,
    "highres3dnet": highres3dnet,
    "click-2d": click_2d,
    "click-3d": click_3d,
    "click-paper": click_paper,
}


def find(name: str) -> Training:
    """A recipe by its name.

    Raises:
        TrainingError: If there is no such recipe.
    """
    if name not in RECIPES:
        raise TrainingError(f"there is no recipe {name!r}; there are: {', '.join(RECIPES)}")
    return RECIPES[name]()
