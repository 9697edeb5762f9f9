"""Trained weights: a manifest, one safetensors file and one card each.

`load` takes a name of the manifest or a file of a user's own; a file says itself which network it
holds, so it needs no manifest.
"""

from .card import Info
from .load import list_models, load
from .record import record
from .save import save

__all__ = ["Info", "list_models", "load", "record", "save"]
