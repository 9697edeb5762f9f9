"""Scenes: regions and objects painted on top of each other."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..types import Array, Float32, Mask
from .fields import log_uniform
from .recipe import SHAPES, Recipe
from .shapes import Grid, Window, blob, largest_part, lobes
from .tubes import tree, tube


@dataclass(frozen=True)
class Scene:
    """What is where: a region has one look, an object is made of one or more regions.

    Attributes:
        regions: `(I, J, K)` int16, index in `means`.
        labels: `(I, J, K)` int16, object, 0 where there is none.
        means: Mean intensity of each region, mostly in [0, 1].
        used: Components that took part.
        scattered: Objects that may consist of several parts.
        counter: One number, the last object's label.
    """

    regions: NDArray[np.int16]
    labels: NDArray[np.int16]
    means: list[float]
    used: set[str] = field(default_factory=set)
    scattered: set[int] = field(default_factory=set)
    counter: list[int] = field(default_factory=lambda: [0])

    def view(self, window: Window) -> "Scene":
        """A part of the scene; what is painted in it is painted in the scene."""
        return Scene(
            self.regions[window], self.labels[window],
            self.means, self.used, self.scattered, self.counter,
        )  # fmt: skip

    def next_label(self) -> int:
        """A label that no object has."""
        self.counter[0] += 1
        return self.counter[0]

    def paint(self, mask: Mask, mean: float, label: int | None) -> None:
        """A new region, over what there was; it belongs to `label`, None: to what it lies on."""
        self.regions[mask] = len(self.means)
        self.means.append(mean)
        if label is not None:
            self.labels[mask] = label

    def mean_under(self, mask: Mask) -> float:
        """Mean intensity of what lies under a mask now."""
        return float(np.array(self.means)[self.regions[mask]].mean())


def compose(rng: np.random.Generator, grid: Grid, recipe: Recipe) -> Scene:
    """A scene made from nothing: background, then a few objects or many cells."""
    scene = Scene(np.zeros(grid.shape, np.int16), np.zeros(grid.shape, np.int16), [])
    scene.means.append(float(rng.random()))
    if rng.random() < recipe.background:
        scene.used.add("background")
        _paint_background(rng, scene, grid)
    if rng.random() < recipe.cells:
        scene.used.add("cells")
        _paint_cells(rng, scene, grid, recipe)
        return scene
    for _ in range(int(rng.integers(recipe.objects[0], recipe.objects[1] + 1))):
        radius = grid.extent * log_uniform(rng, *recipe.radius)
        _paint_object(rng, scene, grid, _place(rng, scene, grid, radius, recipe), radius, recipe)
    return scene


def contrasting(rng: np.random.Generator, under: float, recipe: Recipe) -> float:
    """An intensity unlike the one it is painted on, brighter or darker."""
    step = log_uniform(rng, *recipe.contrast)
    up = under + step <= 1 if rng.random() < 0.5 else under - step < 0
    return under + step if up else under - step


def _paint_background(rng: np.random.Generator, scene: Scene, grid: Grid) -> None:
    """Two to five areas: where which of as many random fields is the largest."""
    step = grid.extent * rng.uniform(0.2, 0.7)
    areas = np.stack([grid.field(rng, step) for _ in range(int(rng.integers(2, 6)))]).argmax(axis=0)
    scene.regions[...] = areas
    spread = rng.uniform(0.05, 0.6)
    base = scene.means[0]
    scene.means[:] = [
        float(np.clip(base + rng.normal(0, spread), 0, 1)) for _ in range(areas.max() + 1)
    ]


def _place(
    rng: np.random.Generator, scene: Scene, grid: Grid, radius: float, recipe: Recipe
) -> Array:
    """A voxel for the centre: anywhere, or so that the object meets an earlier one."""
    if scene.counter[0] and rng.random() < recipe.touching:
        inside = np.argwhere(scene.labels == rng.integers(1, scene.counter[0] + 1))
        if len(inside):
            scene.used.add("touching")
            border = inside[rng.integers(len(inside))]
            middle = inside.mean(axis=0)
            away = (border - middle) * grid.spacing
            away *= rng.uniform(0.7, 1.3) * radius / (np.linalg.norm(away) + 1e-6)
            edge = border + away / grid.spacing
            return np.asarray(np.clip(np.rint(edge), 0, np.array(grid.shape) - 1).astype(int))
    return (np.array(grid.shape) * rng.uniform(0.1, 0.9, 3)).astype(int)


def _paint_object(
    rng: np.random.Generator,
    scene: Scene,
    grid: Grid,
    voxel: Array,
    radius: float,
    recipe: Recipe,
) -> None:
    """One object of a random kind, with what is inside of it."""
    weights = np.array([getattr(recipe, name) for name in SHAPES])
    kind = str(rng.choice(SHAPES, p=weights / weights.sum()))
    if kind in ("tubes", "trees"):
        depth = (tube if kind == "tubes" else tree)(rng, grid, voxel * grid.spacing, radius)
        local = grid
    else:
        window, local = grid.window(voxel, radius * 2.6)
        scene = scene.view(window)
        centre = grid.points[:, *voxel]
        if kind == "lobes":
            depth = lobes(rng, local, centre, radius)
        else:
            wobble = rng.uniform(0, 0.25) if kind == "blobs" else rng.uniform(0.35, 0.8)
            depth = blob(rng, local, centre, radius, wobble)
    mask = depth > 0
    scattered = kind == "lobes" and rng.random() < 0.3
    if not scattered:
        mask = largest_part(mask)
    if scene.counter[0] and rng.random() < 0.3:
        mask &= scene.labels == 0
    if not mask.any():
        return
    scene.used.add(kind)
    label = scene.next_label()
    if scattered:
        scene.scattered.add(label)
    mean = contrasting(rng, scene.mean_under(mask), recipe)
    if rng.random() < recipe.camouflage:
        scene.used.add("camouflage")
        mean = scene.means[rng.integers(len(scene.means))] + rng.normal(0, 0.02)
    scene.paint(mask, mean, label)
    _paint_inside(rng, scene, local, np.where(mask, depth, -1), label, recipe)


def _paint_inside(
    rng: np.random.Generator,
    scene: Scene,
    grid: Grid,
    depth: Float32,
    label: int,
    recipe: Recipe,
) -> None:
    """Rings, rims, objects in the object, and spots that belong to it."""
    deepest = float(depth.max())
    if deepest < 2:
        return
    mean = scene.means[-1]
    box = np.ones((3, 3, 1 if grid.flat else 3))
    core = depth > max(1.0, deepest * log_uniform(rng, 0.08, 0.6))
    core &= ndimage.binary_erosion(depth > 0, box, border_value=1)
    if rng.random() < recipe.shells and core.any():
        scene.used.add("shells")
        label = scene.next_label() if rng.random() < 0.6 else 0
        scene.paint(core, contrasting(rng, mean, recipe), label)
    elif rng.random() < recipe.rims and core.any():
        scene.used.add("rims")
        scene.paint(core, contrasting(rng, mean, recipe), None)
    for name in ("nested", "inclusions"):
        if rng.random() < getattr(recipe, name):
            _paint_within(rng, scene, grid, depth, label if name == "inclusions" else None, recipe)
            scene.used.add(name)


def _paint_within(
    rng: np.random.Generator,
    scene: Scene,
    grid: Grid,
    depth: Float32,
    label: int | None,
    recipe: Recipe,
) -> None:
    """One to five blobs inside an object: of the object itself, or objects of their own (None)."""
    deepest = float(depth.max())
    number = int(rng.integers(1, 4 if label is None else 6))
    same = contrasting(rng, scene.means[-1], recipe)
    within = np.argwhere(depth > 0)
    inside = depth > min(1.0, deepest / 4) if rng.random() < 0.7 else depth > 0
    own = scene.next_label() if label is None else label
    for n in range(number):
        voxel = within[rng.integers(len(within))]
        radius = deepest * log_uniform(rng, 0.2, 0.8 if label is None else 0.4)
        window, local = grid.window(voxel, radius * 2.6)
        mask = blob(rng, local, grid.points[:, *voxel], radius, 0.15) > 0
        mask &= inside[window]
        if not mask.any():
            continue
        if label is None and n and rng.random() < 0.5:
            own = scene.next_label()
        scene.view(window).paint(mask, same + rng.normal(0, 0.02), own if label is None else None)
    if label is None:
        scene.scattered.add(own)


def _paint_cells(rng: np.random.Generator, scene: Scene, grid: Grid, recipe: Recipe) -> None:
    """Many objects that are alike, apart or packed, with or without a nucleus."""
    size = grid.extent * log_uniform(rng, 0.05, 0.2)
    per_cell = (2.2 * size) ** (2 if grid.flat else 3)
    volume = float(np.prod(np.array(grid.shape) * grid.spacing))
    number = int(np.clip(volume / per_cell * log_uniform(rng, 0.2, 1.5), 3, 40))
    mean = contrasting(rng, scene.means[0], recipe)
    nucleus = contrasting(rng, mean, recipe) if rng.random() < recipe.nested else None
    spread, wobble = rng.uniform(0, 0.08), rng.uniform(0, 0.2)
    overlapping = rng.random() < 0.4
    for _ in range(number):
        voxel, radius = rng.integers(0, grid.shape), size * np.exp(rng.normal(0, 0.15))
        window, local = grid.window(voxel, radius * 2.2)
        part = scene.view(window)
        depth = blob(rng, local, grid.points[:, *voxel], radius, wobble)
        mask = largest_part((depth > 0) if overlapping else (depth > 0) & (part.labels == 0))
        if not mask.any():
            continue
        part.paint(mask, mean + rng.normal(0, spread), part.next_label())
        core = mask & (depth > depth.max() * 0.45)
        if nucleus is not None and core.any():
            part.paint(core, nucleus, part.next_label() if rng.random() < 0.5 else None)


def split_parts(scene: Scene, chosen: int) -> None:
    """Leaves a chosen object its largest part, unless it is scattered; the rest is another one."""
    if chosen in scene.scattered:
        return
    mask = scene.labels == chosen
    rest = mask & ~largest_part(mask)
    if rest.any():
        scene.labels[rest] = scene.next_label()
