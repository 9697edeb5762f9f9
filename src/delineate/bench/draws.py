"""Random numbers that depend on what they are for, and on nothing that happened before."""

import hashlib

import numpy as np


def generator(seed: int, *purpose: object) -> np.random.Generator:
    """A generator of its own for each seed and purpose.

    Whatever is drawn elsewhere, in whatever order and in whichever process, it gives
    the same numbers; so results do not depend on the number of jobs, and every method
    meets the same user.

    Args:
        seed: Of the whole run.
        purpose: What it is for, as `"limit", dataset`; compared as text.

    Examples:
        >>> first, again = generator(0, "box", "a"), generator(0, "box", "a")
        >>> bool(first.random() == again.random())
        True
    """
    text = "\0".join(str(part) for part in (seed, *purpose))
    return np.random.default_rng(list(hashlib.sha256(text.encode()).digest()))
