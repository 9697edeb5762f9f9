"""What a training learns from and is validated on, from a folder to arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..types import Array
from .crops import Crops
from .errors import TrainingError
from .mixture import Mixture
from .packed import LABEL_MAPS, REAL, VALIDATION, WINDOWS, Packed, read_packed
from .recipe import Training
from .validation import check_apart


@dataclass(frozen=True)
class Data:
    """Real images for training and validation, and label maps.

    Attributes:
        real: Images to learn from, by data set.
        validation: Crops to validate on.
        label_maps: To paint anatomy on.
        left_out: Data sets with images that would be validated on, were they not learnt from.
    """

    real: Mapping[str, tuple[Packed, ...]] = field(default_factory=dict)
    validation: tuple[Packed, ...] = ()
    label_maps: tuple[Array, ...] = ()
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_apart(self.real, self.validation)

    def mixture(self, recipe: Training) -> Mixture:
        """The samples of a recipe.

        Raises:
            TrainingError: If it asks for a data set that is not here.
        """
        for name, _ in recipe.real:
            if name not in self.real:
                raise TrainingError(
                    f"the recipe learns from {name!r}, and there is none; give --data that has "
                    "it, not packed for another recipe, or --set real=[] for synthetic images only"
                )
        dims, smallest = len(recipe.size), recipe.synth.smallest
        real = tuple((Crops(self.real[name], dims, smallest), share) for name, share in recipe.real)
        return Mixture(
            recipe.seed, recipe.size, recipe.batch, recipe.synth, self.label_maps, real,
            recipe.slab, recipe.scattered, recipe.clicks, recipe.network,
        )  # fmt: skip

    def shares(self, recipe: Training) -> dict[str, float]:
        """What a recipe learns from, and the share of each; together 1.

        Synthetic images on which anatomy may be painted count as "label_maps".
        """
        painted = recipe.synthetic * recipe.synth.anatomy if self.label_maps else 0.0
        found = {"synthetic": recipe.synthetic - painted, "label_maps": painted}
        return {name: share for name, share in (found | dict(recipe.real)).items() if share > 1e-9}

    def seen(self, recipe: Training) -> tuple[str, ...]:
        """Classes of real objects that a recipe learns from."""
        return tuple(
            sorted(
                {
                    c
                    for name, _ in recipe.real
                    for one in self.real.get(name, ())
                    for c in one.classes
                }
            )
        )


def load_data(folder: Path | None, recipe: Training, out: Path) -> Data:
    """The data of a recipe, which is not validated on the images that it learns from.

    Args:
        folder: Of images, as `packing.pack` reads it, or of packed files; None: synthetic only.
        recipe: Says which data sets are learnt from.
        out: Where images are packed, once.

    Raises:
        TrainingError: If the folder lacks something.
        ImageError: If an image cannot be read.
    """
    if folder is None:
        return Data()
    if not folder.is_dir():
        raise TrainingError(f"{folder} is not a folder of images")
    dims = len(recipe.size)
    held_out = (WINDOWS if recipe.clicks else VALIDATION)[dims]
    names = (REAL, held_out, LABEL_MAPS)
    packed = folder if (folder / names[0]).is_file() else out
    if not all((packed / name).is_file() for name in names):
        if packed is folder:
            raise TrainingError(f"{folder} lacks one of {', '.join(names)}; pack it again")
        from .packing import pack

        pack(folder, out, [name for name, _ in recipe.real], dims, windows=bool(recipe.clicks))
    held, crops, maps = (read_packed(packed / name) for name in names)
    asked = {name for name, _ in recipe.real}
    real = {
        name: tuple(one for one in held if one.dataset == name)
        for name in sorted(asked & {one.dataset for one in held})
    }
    learnt = {one.key for items in real.values() for one in items}
    return Data(
        real,
        tuple(crop for crop in crops if crop.key not in learnt),
        tuple(one.labels for one in maps),
        tuple(sorted({crop.dataset for crop in crops if crop.key in learnt})),
    )
