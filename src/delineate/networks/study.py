"""MONAI's networks, which only the comparisons of the extra `study` need: imported when asked for.

Cardoso et al., "MONAI: An open-source framework for deep learning in healthcare", arXiv 2022.
"""

from typing import Any

from ..errors import MissingExtra


def monai_network(name: str) -> Any:
    """A class of `monai.networks.nets`.

    Raises:
        MissingExtra: If MONAI is not installed.
    """
    try:
        from monai.networks import nets
    except ImportError as error:
        raise MissingExtra(
            f'{name} needs MONAI, which is not installed: pip install "delineate[study]"'
        ) from error
    return getattr(nets, name)
