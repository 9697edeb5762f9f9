"""How clicks are taught: what a user has said when the network is asked, and what it is shown.

Sakinis et al., "Interactive segmentation of medical images through fully convolutional neural
networks", 2019, section III-C; the states of a user beside the paper's are ours.
"""

from dataclasses import dataclass, field, fields

from ..networks.guidance import Guidance
from .errors import TrainingError

STATES = ("first", "several", "framed", "repaired", "given", "absent")


@dataclass(frozen=True, kw_only=True)
class Clicks:
    """Shares of the states that a user can be in, and how far around the object is looked.

    In a share of batches, `looped`, clicks follow on what the network answers at that moment, as
    in the paper; in the others on a mask with errors made at random, which costs no time.

    Attributes:
        guidance: How clicks, boxes and masks are drawn for the network.
        most: Clicks of a sample in a looped batch, the paper's K; each is less likely than the
            one before, in a line.
        looped: Share of batches.
        first: Weight of the state in which there is one click inside and nothing else; like those
            of the other states, which need not add up to 1.
        several: Clicks on both sides that correct a mask.
        framed: A box alone.
        repaired: A box, then clicks.
        given: A mask from elsewhere, then clicks that correct it and none before.
        absent: Clicks outside alone, and no object to be found.
        forgotten: Probability that clicks stand without the mask they were made on, as after one
            of them was moved.
        deepest: Probability that clicks go to the deepest place of the larger error, as those of
            the benchmark's user do, instead of a random one.
        anywhere: Probability that the first click is anywhere in the object.
        reach: Least and most sides of the window that is shown, in longest sides of the object in
            the slice; log-uniform.
        wide: Probability that the window is wider than `reach` ...
        widest: ... up to so many longest sides: what the first of two looks is like.
        narrow: Probability that it is narrower than `reach` ...
        narrowest: ... down to so many longest sides, so that it shows a part of the object, or
            nothing else: what windows around a click in a large object are like.
        smallest: Voxels of the object that the window shows at least.

    Raises:
        TrainingError: If a field is out of its range.
    """

    guidance: Guidance = field(default_factory=Guidance)
    most: int = 5
    looped: float = 0.35
    first: float = 0.3
    several: float = 0.3
    framed: float = 0.12
    repaired: float = 0.1
    given: float = 0.14
    absent: float = 0.04
    forgotten: float = 0.3
    deepest: float = 0.4
    anywhere: float = 0.25
    reach: tuple[float, float] = (1.15, 4.0)
    wide: float = 0.25
    widest: float = 12.0
    narrow: float = 0.2
    narrowest: float = 0.25
    smallest: int = 24

    def __post_init__(self) -> None:
        for name in ("looped", "forgotten", "deepest", "anywhere", "wide", "narrow"):
            if not 0 <= getattr(self, name) <= 1:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must be from 0 to 1")
        if min(self.weights) < 0 or sum(self.weights) <= 0:
            raise TrainingError(f"states have weights {self.weights}; one at least is positive")
        for name in ("most", "smallest"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if not 0 < self.narrowest <= self.reach[0] <= self.reach[1] <= self.widest:
            raise TrainingError(
                f"narrowest is {self.narrowest}, reach {self.reach} and widest {self.widest}; they "
                "must rise from above 0"
            )
        if self.wide + self.narrow > 1:
            raise TrainingError(
                f"wide is {self.wide} and narrow {self.narrow}; together they are at most 1"
            )
        if (self.framed or self.repaired) and "box" not in self.guidance.names:
            raise TrainingError("boxes are taught, and guidance.box is 'none'")
        if self.given and not self.guidance.previous:
            raise TrainingError("given masks are taught, and guidance.previous is false")

    @property
    def weights(self) -> tuple[float, ...]:
        """Of the states, in the order of `STATES`."""
        return tuple(getattr(self, name) for name in STATES)

    def share(self, state: str) -> float:
        """Of samples in one state.

        Examples:
            >>> round(Clicks().share("framed"), 2)
            0.12
        """
        assert state in {one.name for one in fields(self)}
        return float(getattr(self, state)) / sum(self.weights)
