"""The protocol: a simulated user corrects a method round by round. Everything else is bookkeeping.

Round 0 is the state after the first prompts, so after one click, or after the box. In
each further round the user sees the mask, says one thing more, and the method answers.
It is the real `Session`: what counts is the mask that a person would have got.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from .. import users
from ..methods.base import AnyMethod
from ..prompts import Click, Given, Prompt, Scribble
from ..session import Session
from ..types import Mask
from ..users import User
from ..volume import Volume
from ..voxels import Voxels
from .memory import Peak
from .starts import Start
from .tasks import one_sentence

NAN = float("nan")


@dataclass(frozen=True)
class Round:
    """The state after one round.

    Args:
        mask: The session's mask; None where the method has failed.
        prompts: All that the user has said so far.
        seconds: The method's time in this round; nan where it was not asked.
        peak_mb: Growth of the process's memory in this round, as `Peak` measures it.
        error: Why there is no mask, in one sentence.
    """

    mask: Voxels | None
    prompts: tuple[Prompt, ...] = ()
    seconds: float = NAN
    peak_mb: float = NAN
    error: str = ""

    @property
    def marked_voxels(self) -> int:
        """Voxels that the user has clicked or drawn so far; a box marks none."""
        return sum(_marked(prompt) for prompt in self.prompts)

    @property
    def user_seconds(self) -> float:
        """A person's time for all prompts so far, by the model in `users`."""
        return round(float(users.seconds(self.prompts)), 3)


def play(
    volume: Volume,
    truth: Mask,
    method: AnyMethod,
    user: User,
    start: Start,
    rounds: int,
    generator: Callable[[int], np.random.Generator],
) -> tuple[Round, ...]:
    """Let a user and a method work on one object, from round 0 to round `rounds`.

    Every object has all rounds: where the mask has become perfect or the user has nothing
    to say the last state is carried on, and where the method fails its failure is.

    Args:
        volume: The image: a picture, one slice, or a volume.
        truth: The object, `(I, J, K)` bool.
        method: What is measured.
        user: Who corrects it.
        start: What round 0 is.
        rounds: Corrections after round 0.
        generator: For each round the user's random numbers.

    Returns:
        `rounds + 1` states.
    """
    played: list[Round] = []
    said: tuple[Prompt, ...] = ()
    masks: list[Mask] = []
    try:
        session = Session(volume, start.first or method)
        for number in range(rounds + 1):
            rng = generator(number)
            if number == 0:
                new = start.prompts(truth, volume.spacing, method, user, rng)
            else:
                stale = masks[-2] if len(masks) > 1 else None
                new = _correction(user, truth, masks[-1], volume, rng, stale)
                if not new:
                    break
            with Peak() as peak:
                update = session.add(*new)
            said = (*said, *(prompt for prompt in new if not isinstance(prompt, Given)))
            masks = [*masks[-1:], session.mask()]
            if number == 0 and start.first is not None:
                session = _handed_over(session, method, start, new)
            mask = Voxels.from_mask(masks[-1])
            played.append(Round(mask, said, update.seconds, peak.megabytes))
    except Exception as error:
        played.append(Round(None, said, error=one_sentence(error)))
    idle = replace(played[-1], seconds=NAN, peak_mb=NAN)
    return (*played, *[idle] * (rounds + 1 - len(played)))


def _handed_over(
    session: Session, method: AnyMethod, start: Start, said: tuple[Prompt, ...]
) -> Session:
    """The session in which the measured method goes on after another's first answer."""
    if start.passed:
        session.use(method)
        return session
    own = Session(session.volume, method)
    own.add(*said)
    return own


def _correction(
    user: User,
    truth: Mask,
    mask: Mask,
    volume: Volume,
    rng: np.random.Generator,
    stale: Mask | None,
) -> tuple[Prompt, ...]:
    """What the user says of a mask; nothing if it is perfect."""
    if np.array_equal(mask, truth):
        return ()
    return tuple(user.correct(truth, mask, volume.spacing, rng, stale=stale))


def _marked(prompt: Prompt) -> int:
    if isinstance(prompt, Click):
        return 1
    return len(prompt.voxels) if isinstance(prompt, Scribble) else 0
