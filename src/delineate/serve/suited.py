"""The method that a new session begins with where nobody has chosen one."""

from dataclasses import replace

from ..errors import MissingExtra
from ..methods import build
from ..methods.base import AnyMethod
from ..models import list_models
from ..volume import RGB, Volume

FIRST, OTHERWISE = "click_fcn", "graphcut"


def suited(volume: Volume) -> AnyMethod:
    """On a picture one click is enough, if the weights for that are here; a volume wants a box.

    In 3D the same network answers one click with little more than a ball around it, so that a
    volume begins with a method that makes more of a box. Of a picture with several channels,
    which the page shows from the first on, the first is read.
    """
    if volume.dims == 3:
        return build(OTHERWISE)
    known = {info.name for info in list_models()}
    try:
        from ..methods.click_fcn import ClickFCN
    except (ImportError, MissingExtra):
        return build(OTHERWISE)
    if not known.issuperset(ClickFCN().networks(volume.dims)):
        return build(OTHERWISE)
    several = len(volume.data) > 1 and volume.channels != RGB
    return replace(ClickFCN(), channel=0) if several else ClickFCN()
