"""Pictures -> LR and HR pairs -> batches of crops; every batch is a function of seed and step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..core import picture
from ..core.colour import to_network
from ..core.errors import BadInput
from ..core.resize import resize
from .batch import Batch, Target
from .cache import PICTURE, Maps
from .evaluate import Degrader, Pair, degrade
from .taps import Outputs

Named = tuple[str, np.ndarray]


def picture_files(source: str) -> list[Path]:
    """The pictures of a folder, or those of installed packages for `sample`."""
    if source == "sample":
        from ..calib_data.sources import photograph_files

        return photograph_files()
    return picture.find(Path(source))


def read_pictures(source: str) -> list[Named]:
    """What is in `picture_files`, by name."""
    return [(path.name, picture.read(path)) for path in picture_files(source)]


def resized(pictures: Iterable[Named], sizes: Sequence[float]) -> Iterator[Named]:
    """Each picture at every one of `sizes`, which are factors."""
    for name, whole in pictures:
        for size in sizes:
            height, width = (max(round(side * size), 1) for side in whole.shape[:2])
            yield name, whole if size == 1 else resize(whole, height, width)


def make_pairs(
    pictures: Iterable[Named], scale: int, sizes: Sequence[float] = (1.0,), degraders: Sequence[Degrader] = (degrade,)
) -> list[Pair]:
    """Degrade HR pictures, each resized by every one of `sizes` first, in each of the ways of `degraders`."""
    return [degrader(name, whole, scale) for name, whole in resized(pictures, sizes) for degrader in degraders]


def require_room_for(patch: int, sides: Sequence[int]) -> None:
    """Raise BadInput when no LR picture, by its shorter side, is as large as the crop."""
    if not sides or max(sides) < patch:
        raise BadInput(
            f"every LR picture is smaller than the crop of {patch} px (the largest has {max(sides, default=0)}); "
            "use larger pictures or a smaller --set data.patch=N"
        )


def chances(pictures: Iterable[np.ndarray]) -> np.ndarray:
    """How often a crop is to be of each of these pictures: by their areas."""
    areas = np.array([whole.shape[0] * whole.shape[1] for whole in pictures], np.float64)
    return areas / areas.sum()


class Crops:
    """Random crops of pairs, flipped and turned; `batch(step)` is always the same for one step."""

    def __init__(self, pairs: Sequence[Pair], patch: int, channels: int, grid: int, seed: int) -> None:
        """`grid`: crops start at multiples of this many LR pixels, so that a teacher's coarser maps can follow.

        Raises BadInput when every LR picture is smaller than the crop.
        """
        require_room_for(patch, [min(pair.lr.shape[:2]) for pair in pairs])
        self.pairs = [pair for pair in pairs if min(pair.lr.shape[:2]) >= patch]
        self.too_small = len(pairs) - len(self.pairs)
        self.patch, self.channels, self.grid, self.seed = patch, channels, grid, seed
        self._chance = chances(pair.lr for pair in self.pairs)

    def batch(self, step: int, size: int, teacher: Callable[[Pair], Maps] | None = None) -> Batch:
        """`size` crops for training step `step`."""
        rng = np.random.default_rng((self.seed, step))
        lr, hr, maps = [], [], []
        for index in rng.choice(len(self.pairs), size, p=self._chance):
            pair = self.pairs[index]
            top, left = (
                int(rng.integers((side - self.patch) // self.grid + 1)) * self.grid for side in pair.lr.shape[:2]
            )
            cut = Cut(top, left, self.patch, pair.lr.shape[0], int(rng.integers(8)))
            lr.append(cut(pair.lr, 0))
            hr.append(cut(pair.hr, 0))
            if teacher is not None:
                maps.append({name: cut(array, 1) for name, array in teacher(pair).items()})
        target = Target(tensor_of(hr, self.channels), (tensor_of(lr, self.channels),))
        return Batch(target, stacked(maps) if maps else None)


def tensor_of(crops: Sequence[np.ndarray], channels: int) -> Tensor:
    """Crops of one size, uint8 (H, W, 3) BGR -> (N, channels, H, W) as networks take them."""
    return torch.from_numpy(to_network(np.stack(crops), channels))


@dataclass(frozen=True)
class Cut:
    """One square of an LR picture and the same place in any map of it, flipped and turned alike."""

    top: int
    left: int
    patch: int
    height: int
    """Of the whole LR picture."""
    turn: int
    """0..7: the eight symmetries of a square."""

    def __call__(self, whole: np.ndarray, axis: int) -> np.ndarray:
        """Cut from an array whose height and width are axes `axis` and `axis + 1`."""
        ratio = self._ratio(whole.shape[axis])
        top, left, side = (round(value * ratio) for value in (self.top, self.left, self.patch))
        square = (slice(None),) * axis + (slice(top, top + side), slice(left, left + side))
        turned = np.rot90(whole[square], self.turn % 4, (axis, axis + 1))
        return np.ascontiguousarray(np.flip(turned, axis) if self.turn >= 4 else turned)

    def _ratio(self, rows: int) -> float:
        """Of a map's height to the picture's: whole, or one over a divisor of the crop's side.

        A map that reaches beyond the picture, for padding or for a last row that is not whole, seems too tall.
        """
        if rows > 0.75 * self.height:
            return round(rows / self.height)
        least = math.ceil(self.height / rows)
        return 1 / next(factor for factor in range(least, self.patch + 1) if self.patch % factor == 0)


def stacked(maps: list[dict[str, np.ndarray]]) -> Outputs:
    """The teacher's crops of some samples as the outputs of one batch."""
    tensors = {name: torch.from_numpy(np.stack([item[name] for item in maps])).float() for name in maps[0]}
    return Outputs(tensors.pop(PICTURE), tensors)
