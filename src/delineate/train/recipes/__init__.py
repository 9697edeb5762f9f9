"""Recipes by name. To add one: write its function, add its line here."""

from collections.abc import Callable

from ..errors import TrainingError
from ..recipe import Training
from .pcnet import pcnet, pcnet_paper
from .pnet import pnet, pnet_paper

RECIPES: dict[str, Callable[[], Training]] = {
    "pnet": pnet,
    "pnet-paper": pnet_paper,
    "pcnet": pcnet,
    "pcnet-paper": pcnet_paper,
}


def find(name: str) -> Training:
    """A recipe by its name.

    Raises:
        TrainingError: If there is no such recipe.
    """
    if name not in RECIPES:
        raise TrainingError(f"there is no recipe {name!r}; there are: {', '.join(RECIPES)}")
    return RECIPES[name]()
