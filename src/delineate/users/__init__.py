"""Simulated users: each says what a person would of a mask, knowing the truth.

Shared by the benchmark and by training. To add one: write its file, add its line here.
"""

from ..errors import MethodError
from .base import User
from .box import BoxClicker, Boxer, BoxScribbler
from .click import Clicker, RandomClicker
from .effort import seconds
from .imperfect import Imperfect
from .scribble import Scribbler

__all__ = ["USERS", "User", "find", "seconds"]

_PERFECT: tuple[User, ...] = (
    Clicker(),
    RandomClicker(),
    Scribbler(),
    Boxer(),
    BoxClicker(),
    BoxScribbler(),
)

USERS: dict[str, User] = {
    user.name: user for user in (*_PERFECT, *(Imperfect(user=user) for user in _PERFECT))
}


def find(name: str) -> User:
    """A user by its name.

    Raises:
        MethodError: If there is no such user.
    """
    if name not in USERS:
        raise MethodError(f"there is no user {name!r}; there are: {', '.join(USERS)}")
    return USERS[name]
