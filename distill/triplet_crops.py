"""Triplets and photos -> batches of moving squares; every batch is a function of seed and step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..core.colour import to_network
from ..core.errors import BadInput
from ..core.motion import Motion
from .batch import Batch, Known, Target
from .cache import Maps
from .data import Cut, stacked
from .footage import Filmed
from .photometry import jitter
from .synthesis import Moved, move
from .taps import Outputs

MOTION = "motion"
"""Of a teacher's maps: flows to the frame before and after and the mask's logits, (5, H/2, W/2), in pixels of H, W."""
_TRIES = 3
"""Places looked at for a square; the one that changes most is taken: where nothing moves there is little to learn."""


@dataclass(frozen=True)
class _Square:
    """One place in one triplet, turned, and perhaps run backwards."""

    filmed: Filmed
    cut: Cut
    backwards: bool

    def frames(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Before, truth, after."""
        filmed = self.filmed
        before, truth, after = (self.cut(frame, 0) for frame in (filmed.before, filmed.truth, filmed.after))
        return (after, truth, before) if self.backwards else (before, truth, after)

    @property
    def t(self) -> float:
        return 1 - self.filmed.t if self.backwards else self.filmed.t

    def maps(self, maps: Maps) -> dict[str, np.ndarray]:
        """The teacher's maps of the whole triplet, cut and turned alike."""
        squares = {name: self.cut(array, 1) for name, array in maps.items()}
        squares[MOTION] = turned(squares[MOTION], self.cut.turn, self.backwards)
        return squares


def turned(motion: np.ndarray, turn: int, backwards: bool) -> np.ndarray:
    """Motion (5, H, W) whose pixels were already turned as `Cut.turn` says: its vectors turn along."""
    parts = []
    for x, y in (motion[0:2], motion[2:4]):
        for _ in range(turn % 4):
            x, y = y, -x
        parts.append((x, -y if turn >= 4 else y))
    if backwards:
        parts.reverse()
    return np.stack([*parts[0], *parts[1], -motion[4] if backwards else motion[4]])


class TripletCrops:
    """Squares of filmed triplets first, then scenes made from photos; `batch(step)` is always the same for one step."""

    def __init__(
        self, filmed: Sequence[Filmed], photos: Sequence[np.ndarray], patch: int, grid: int, share: float, seed: int
    ) -> None:
        """`share` of each batch is made from photos, all of it without triplets, none without photos.

        `grid`: squares start at multiples of this many pixels, so that a teacher's coarser maps can
        follow. Raises BadInput when there is neither a large enough triplet nor a photo.
        """
        self.filmed = [each for each in filmed if min(each.truth.shape[:2]) >= patch]
        if not self.filmed and not photos:
            raise BadInput(f"nothing to train on: no photo, and no triplet as large as the square of {patch} px")
        self.too_small = len(filmed) - len(self.filmed)
        self._share = 1.0 if not self.filmed else share if photos else 0.0
        self._photos, self._patch, self._grid, self._seed = photos, patch, grid, seed

    def batch(
        self, step: int, size: int, teacher: Callable[[Filmed], Maps] | None = None, backwards: bool = True
    ) -> Batch:
        """`size` samples for training step `step`; `backwards` lets time run either way."""
        rng = np.random.default_rng((self._seed, step))
        made = round(size * self._share)
        squares = [self._square(rng, backwards) for _ in range(size - made)]
        scenes = [jitter(move(self._photos, rng, self._patch), rng) for _ in range(made)]
        frames = [*(square.frames() for square in squares), *((each.before, each.truth, each.after) for each in scenes)]
        before, truth, after = (_tensor([each[place] for each in frames]) for place in range(3))
        t = torch.tensor([each.t for each in (*squares, *scenes)], dtype=torch.float32)
        target = Target(truth, (before, after, t), self._known(scenes, size) if scenes else None)
        maps = [square.maps(teacher(square.filmed)) for square in squares] if teacher else []
        return Batch(target, outputs_of(maps) if maps else None)

    def _square(self, rng: np.random.Generator, backwards: bool) -> _Square:
        filmed = self.filmed[rng.integers(len(self.filmed))]
        height, width = filmed.truth.shape[:2]
        tries = [self._place(rng, height, width) for _ in range(_TRIES)]
        top, left = max(tries, key=lambda place: self._change(filmed, *place))
        cut = Cut(top, left, self._patch, height, int(rng.integers(8)))
        return _Square(filmed, cut, backwards and bool(rng.integers(2)))

    def _place(self, rng: np.random.Generator, height: int, width: int) -> tuple[int, int]:
        top, left = (int(rng.integers((side - self._patch) // self._grid + 1)) * self._grid for side in (height, width))
        return top, left

    def _change(self, filmed: Filmed, top: int, left: int) -> float:
        """Mean difference of the two frames there, on every fourth pixel."""
        square = (slice(top, top + self._patch, 4), slice(left, left + self._patch, 4))
        return float(np.abs(filmed.before[square].astype(np.int16) - filmed.after[square]).mean())

    def _known(self, scenes: list[Moved], size: int) -> Known:
        side, first = self._patch, size - len(scenes)
        known = Known(torch.zeros(size, 4, side, side), torch.zeros(size, 2, side, side))
        for index, scene in enumerate(scenes, first):
            known.flow[index] = torch.from_numpy(scene.flow)
            known.seen[index] = torch.from_numpy(scene.seen.astype(np.float32))
        return known


def _tensor(frames: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(to_network(np.stack(frames), 3))


def outputs_of(maps: list[dict[str, np.ndarray]]) -> Outputs:
    """A teacher's maps of some samples as the outputs of one batch, its motion at full size."""
    motion = [each.pop(MOTION) for each in maps]
    whole = F.interpolate(torch.from_numpy(np.stack(motion)).float(), scale_factor=2.0, mode="bilinear")
    outputs = stacked(maps)
    return Outputs(outputs.picture, outputs.taps, (Motion(whole[:, :2], whole[:, 2:4], whole[:, 4:]),))
