"""Where several objects claim a voxel: which one has it."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .marks import said
from .objects import Object
from .region import Region
from .types import Mask
from .voxels import Voxels

_LOCKED, _MARKED = 4, 2


def merge(objects: Mapping[int, Object], region: Region) -> dict[int, Object]:
    """Give every voxel of a region to one of the objects that claim it.

    A locked object keeps what it has. Then an object that the user marked there
    wins, then the higher probability, and on a tie the one edited last.

    Args:
        objects: All objects of a session, by number.
        region: Where a claim has changed.

    Returns:
        All objects, those whose mask has changed replaced.
    """

    def reach(item: Object) -> Region:
        return item.claim.region.union(item.mask.region)

    near = [item for item in objects.values() if reach(item).intersect(region).size]
    if not region.size or not near:
        return dict(objects)
    if len(near) == 1 and not near[0].locked and region.holds(reach(near[0])):
        (alone,) = near
        return {**objects, alone.number: replace(alone, mask=alone.claim)}
    owner = np.zeros(region.shape, np.int64)
    best = np.zeros(region.shape, np.int64)
    for item in sorted(near, key=lambda o: o.edited):
        claim = (item.mask if item.locked else item.claim).on(region)
        rank = item.levels.on(region).astype(np.int64)
        rank += 256 * _MARKED * (said(item.said, region) == 1)
        rank += 256 * _LOCKED * item.locked
        wins = claim & (rank + 1 > best)
        owner[wins] = item.number
        best[wins] = rank[wins]
    merged = dict(objects)
    for item in near:
        mask = _with(item.mask, owner == item.number, region)
        if mask != item.mask:
            merged[item.number] = replace(item, mask=mask)
    return merged


def _with(old: Voxels, new: Mask, region: Region) -> Voxels:
    """A set of voxels as before outside a region, and as `new` inside it."""
    both = old.region.union(region)
    mask = old.on(both)
    mask[region.within(both)] = new
    return Voxels.from_mask(mask, both.low)
