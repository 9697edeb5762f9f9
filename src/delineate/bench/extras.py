"""The packages that only the benchmark needs, and the line to type where one is missing."""

import importlib
from types import ModuleType

from ..errors import MissingExtra

NEEDED = ("jinja2", "matplotlib", "threadpoolctl")


def need(module: str) -> ModuleType:
    """Import a module of the extra `bench`.

    Raises:
        MissingExtra: If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise MissingExtra(
            f'the benchmark needs {package}, which is not installed: pip install "delineate[bench]"'
        ) from error
