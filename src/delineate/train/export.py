"""From a checkpoint to weights that methods can use."""

from pathlib import Path

from ..models import Info, save
from .checkpoint import Checkpoint, read_checkpoint
from .recipe import from_json
from .recipes import find

OPEN = {"synthetic", "label_maps", "dsb2018", "sts_ct"}
"""What weights under the package's licence may learn from."""


def export(checkpoint: Path | Checkpoint, folder: Path, name: str) -> Info:
    """Write the averaged weights of a checkpoint to a folder of weights.

    Args:
        checkpoint: Or its file.
        folder: With a manifest; `delineate.models.manifest.FOLDER` is the package's own.
        name: Of the weights.

    Raises:
        TrainingError: If there is no such checkpoint.
        MethodError: If the name cannot be one of a file.
    """
    held = read_checkpoint(checkpoint) if isinstance(checkpoint, Path) else checkpoint
    recipe = from_json(find(held.recipe["name"]), held.recipe)
    steps, samples, hours = held.earlier
    info = Info(
        name=name,
        architecture=recipe.architecture,
        sizes=held.recipe["network"],
        size=recipe.size,
        data=held.data,
        seen=tuple(held.seen),
        seed=recipe.seed,
        steps=steps + held.step,
        samples=samples + held.step * recipe.batch * held.devices,
        hours=round(hours + held.seconds / 3600, 2),
        hardware=f"{held.hardware}, {held.precision}",
        scores=held.scores,
        licence="Apache-2.0" if set(held.data) <= OPEN else "that of the data; not to be shared",
        recipe=held.recipe | {"start": Path(recipe.start).stem},
    )
    return save(folder, info, held.average)
