"""What a click-guided answer leaves for the next one: where it looked, and the mask it gave."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..prompts import Given, Prompt, to_json
from ..region import Region
from ..voxels import Voxels


@dataclass(frozen=True)
class Remembered:
    """The answer before, or none.

    Attributes:
        window: Where it was looked at last; None before the first answer.
        mask: The answer.
        before: The mask that this answer was made from, so that it can be made again.
        began: The window that it began with, likewise.
        asked: Digest of the prompts that it answers.
        count: Of these prompts.
    """

    window: Region | None = None
    mask: Voxels | None = None
    before: Voxels | None = None
    began: Region | None = None
    asked: str = ""
    count: int = 0

    @classmethod
    def of(cls, learned: Mapping[str, Any], prompts: Sequence[Prompt]) -> "Remembered":
        """What to start from, for these prompts.

        Where they were answered already it is what that answer started from. A mask given since
        takes the place of the answer.
        """
        held = cls._read(learned)
        if held.asked == digest(prompts):
            return cls(held.began, held.before)
        later = [p.voxels for p in prompts[held.count :] if isinstance(p, Given)]
        if later and len(later[-1]):
            return cls(None, later[-1])
        return cls(held.window, held.mask)

    def to_learned(self) -> dict[str, Any]:
        """As values that JSON can hold."""
        return {
            "window": _ends(self.window),
            "began": _ends(self.began),
            "mask": self.mask.to_json() if self.mask else None,
            "before": self.before.to_json() if self.before else None,
            "asked": self.asked,
            "count": self.count,
        }

    @classmethod
    def _read(cls, learned: Mapping[str, Any]) -> "Remembered":
        if "asked" not in learned:
            return cls()
        mask, before = (
            Voxels.from_json(learned[name]) if learned[name] else None
            for name in ("mask", "before")
        )
        return cls(
            _region(learned["window"]), mask, before, _region(learned["began"]),
            str(learned["asked"]), int(learned["count"]),
        )  # fmt: skip


def digest(prompts: Sequence[Prompt]) -> str:
    """SHA-256 of all that was said, in hexadecimal."""
    text = json.dumps([to_json(prompt) for prompt in prompts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _ends(region: Region | None) -> list[list[int]] | None:
    return [list(region.low), list(region.high)] if region else None


def _region(ends: Sequence[Sequence[int]] | None) -> Region | None:
    if not ends:
        return None
    low, high = (tuple(end) for end in ends)
    return Region(low, high)  # type: ignore[arg-type]
