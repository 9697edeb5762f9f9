"""Every prompt on disk before it is answered: a killed process loses nothing."""

from .journal import Journal, Kept

__all__ = ["Journal", "Kept"]
