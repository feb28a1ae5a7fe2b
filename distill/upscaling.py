"""What an upscaler is trained and judged on: crops of pictures, and the same pictures made small."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ..core.checkpoint import Checkpoint
from ..core.colour import RGB_TO_YCBCR, YCBCR_OFFSET
from ..core.errors import BadInput
from ..core.metrics import psnr_y
from .batch import Batch
from .cache import PICTURE, Asked, Maps, TeacherCache
from .data import Crops, make_pairs, read_pictures, stacked
from .evaluate import Pair, score
from .plots import draw_strip
from .recipe import HOLD_OUT, Recipe
from .taps import Outputs, Tapped
from .torch_upscaler import inputs_of, torch_upscaler

_BLANK = 16
Pictures = list[tuple[str, np.ndarray]]


class AskedUpscaler(Asked[Pair]):
    """A teacher of upscaling: asked about an LR picture, it answers with the large one and its features."""

    def __init__(self, teacher: Checkpoint, taps: Iterable[str], channels: int, device: torch.device) -> None:
        """`channels` is what the student works in: an RGB teacher's picture is given as luma for a luma student.

        Raises BadInput for a feature that the teacher does not have.
        """
        self._spec, self._channels, self._device = teacher.spec, channels, device
        self._tapped = Tapped(teacher.network.to(device), teacher.spec, taps, f"the teacher {teacher.name}")
        self.names = sorted([PICTURE, *taps])
        self.key = hashlib.sha256(f"{teacher.digest} {teacher.options} {channels}".encode()).hexdigest()[:24]

    def __call__(self, sample: Pair) -> Maps:
        """As `Asked`."""
        height, width = (side * self._spec.scale for side in sample.lr.shape[:2])
        with torch.inference_mode():
            outputs = self._tapped(*(tensor.to(self._device) for tensor in inputs_of(sample, self._spec)))
        maps = {name: tap[0].float().cpu().numpy() for name, tap in outputs.taps.items()}
        made = outputs.picture[0, :, :height, :width].float().cpu().numpy()
        if self._channels == 1 and made.shape[0] == 3:
            made = (np.einsum("c,chw->hw", RGB_TO_YCBCR[0], made) + YCBCR_OFFSET[0])[None] / 255
        return {name: array.astype(np.float16) for name, array in {**maps, PICTURE: made}.items()}

    def blank(self) -> Pair:
        """As `Asked`."""
        large, small = (np.zeros((side, side, 3), np.uint8) for side in (_BLANK * self._spec.scale, _BLANK))
        return Pair("blank", large, small)


class Upscaling:
    """The `Material` of upscalers."""

    metric = "psnr_y"

    def __init__(
        self, recipe: Recipe, teacher: Checkpoint | None, taps: Iterable[str], device: torch.device, quiet: bool
    ) -> None:
        """Read the pictures and ask the teacher about a small one; see `open_material` for what it raises."""
        self._recipe, self._spec, self._device = recipe, recipe.student_spec(), device
        if teacher and teacher.spec.channels < self._spec.channels:
            raise BadInput(f"the teacher {recipe.teacher} works on luma and cannot teach the RGB student")
        self._teacher = AskedUpscaler(teacher, taps, self._spec.channels, device) if teacher else None
        self._cache = TeacherCache(self._teacher, recipe.cache_gb) if self._teacher else None
        grid = teacher.spec.align if teacher else 1
        require_multiple(recipe, math.lcm(grid, self._spec.align))
        pictures, self._val = _read(recipe)
        self._held_out = make_pairs(self._val, self._spec.scale)
        pairs = make_pairs(pictures, self._spec.scale, recipe.data.sizes)
        self._crops = Crops(pairs, recipe.data.patch, self._spec.channels, grid, recipe.seed)
        if self._crops.too_small and not quiet:
            left_out = f"{self._crops.too_small} of {len(pairs)} pictures"
            print(f"{left_out} are smaller than the crop and left out", file=sys.stderr)
        if self._cache:
            self._cache.require_room(self._crops.pairs)

    def probe(self) -> Outputs | None:
        """As `Material`."""
        return stacked([dict(self._teacher(self._teacher.blank()))]) if self._teacher else None

    def fill(self, quiet: bool) -> None:
        """As `Material`."""
        if self._cache:
            self._cache.fill(self._crops.pairs, quiet)

    def batch(self, step: int) -> Batch:
        """As `Material`."""
        batch = self._crops.batch(step, self._recipe.batch, self._cache)
        return _shown_truth(batch) if self._spec.privileged else batch

    def watch(self, network: nn.Module) -> float:
        """As `Material`."""
        upscale = torch_upscaler(network, self._spec, self._device)
        scores = [psnr_y(upscale(pair).picture, pair.hr, self._spec.scale) for pair in self._held_out]
        return float(np.mean(scores))

    def score(self, network: nn.Module) -> dict[str, Any]:
        """As `Material`."""
        return score(torch_upscaler(network, self._spec, self._device), self._val, self._spec.scale)

    def draw(self, network: nn.Module, path: Path) -> None:
        """As `Material`."""
        draw_strip(self._held_out[:4], torch_upscaler(network, self._spec, self._device), path)


def _shown_truth(batch: Batch) -> Batch:
    target = batch.target
    return replace(batch, target=replace(target, inputs=(*target.inputs, target.picture)))


def require_multiple(recipe: Recipe, multiple: int) -> None:
    """Raise BadInput when the recipe's crops do not fit the grids of its networks."""
    if recipe.data.patch % multiple:
        raise BadInput(f"data.patch = {recipe.data.patch} must be a multiple of {multiple} for these networks")


def _read(recipe: Recipe) -> tuple[Pictures, Pictures]:
    """The pictures of the recipe's folders, to train and to evaluate on."""
    pictures = [item for source in recipe.data.train for item in read_pictures(source)]
    if recipe.data.val:
        return pictures, [item for source in recipe.data.val for item in read_pictures(source)]
    kept = [item for index, item in enumerate(pictures) if index % HOLD_OUT]
    if not kept:
        raise BadInput("only one picture to train on; give more with --data, or name others for --set data.val=[...]")
    return kept, pictures[::HOLD_OUT]
