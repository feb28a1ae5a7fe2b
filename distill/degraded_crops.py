"""HR pictures -> batches of crops, each worn anew as `degradation` does; every batch is a function of seed and step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from ..core.degradation import wear
from .batch import Batch, Target
from .data import Cut, Named, chances, require_room_for, tensor_of
from .evaluate import Pair
from .taps import Outputs

_MARGIN = 8
"""LR pixels by which what is worn is wider than the crop, where the picture is: the crop lies anywhere in it, so that
neither the squares of JPEG nor the mirrored edge are always at its own edge."""


class DegradedCrops:
    """Random crops, flipped and turned, then worn; `batch(step)` is always the same for one step."""

    def __init__(self, pictures: Sequence[Named], scale: int, patch: int, channels: int, seed: int) -> None:
        """`patch` is the side of a crop in LR pixels. Raises BadInput when every picture is smaller than the crop."""
        whole = [picture for _, picture in pictures]
        require_room_for(patch, [min(picture.shape[:2]) // scale for picture in whole])
        self._pictures = [picture for picture in whole if min(picture.shape[:2]) // scale >= patch]
        self.too_small = len(whole) - len(self._pictures)
        self._scale, self._patch, self._channels, self._seed = scale, patch, channels, seed
        self._chance = chances(self._pictures)
        # OpenCV and numpy let other threads run while they work.
        self._threads = ThreadPoolExecutor(torch.get_num_threads(), "degrade")

    def batch(self, step: int, size: int, teacher: Callable[[Pair], Outputs] | None = None) -> Batch:
        """`size` crops for training step `step`, which `teacher` is shown too, all together."""
        rng = np.random.default_rng((self._seed, step))
        picked = [self._pictures[index] for index in rng.choice(len(self._pictures), size, p=self._chance)]
        lr, hr = zip(*self._threads.map(self._crop, picked, rng.spawn(size)), strict=True)
        target = Target(tensor_of(hr, self._channels), (tensor_of(lr, self._channels),))
        return Batch(target, teacher(Pair("crops", np.stack(hr), np.stack(lr))) if teacher else None)

    def _crop(self, picture: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A worn LR crop and its truth."""
        scale, patch = self._scale, self._patch
        side = min(patch + _MARGIN, *(edge // scale for edge in picture.shape[:2]))
        top, left = (int(rng.integers(edge - side * scale + 1)) for edge in picture.shape[:2])
        hr = Cut(top, left, side * scale, picture.shape[0], int(rng.integers(8)))(picture, 0)
        lr = wear(hr, scale, rng)
        y, x = (int(start) for start in rng.integers(side - patch + 1, size=2))
        return lr[y : y + patch, x : x + patch], hr[y * scale : (y + patch) * scale, x * scale : (x + patch) * scale]
