"""What an upscaler is trained and judged on: crops of pictures, and the same pictures made small."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.checkpoint import Checkpoint
from ..core.colour import RGB_TO_YCBCR, YCBCR_OFFSET
from ..core.errors import BadInput
from ..core.metrics import psnr_y
from ..core.spec import ModelSpec
from .batch import Batch
from .cache import PICTURE, Asked, Maps, TeacherCache
from .data import Crops, Named, make_pairs, picture_files, read_pictures, resized, stacked
from .degraded_crops import DegradedCrops
from .evaluate import Pair, Trial, degrader, score, shrinking
from .plots import draw_strip
from .recipe import HOLD_OUT, Recipe
from .taps import Outputs, Tapped
from .torch_upscaler import inputs_of, torch_upscaler

_BLANK = 16


class AskedUpscaler(Asked[Pair]):
    """A teacher of upscaling: asked about an LR picture, it answers with the large one and its features.

    Its picture is given as the student would make it: as luma where that works on luma, and made as
    small as the student's where that enlarges less.
    """

    def __init__(self, teacher: Checkpoint, taps: Iterable[str], student: ModelSpec, device: torch.device) -> None:
        """Raises BadInput for a feature that the teacher does not have."""
        self._spec, self._student, self._device = teacher.spec, student, device
        self._tapped = Tapped(teacher.network.to(device), teacher.spec, taps, f"the teacher {teacher.name}")
        self.names = sorted([PICTURE, *taps])
        depends_on = f"{teacher.digest} {teacher.options} {student.channels} {student.scale}"
        self.key = hashlib.sha256(depends_on.encode()).hexdigest()[:24]

    def __call__(self, sample: Pair) -> Maps:
        """As `Asked`."""
        outputs = self.answer(sample)
        return {name: tap[0].half().cpu().numpy() for name, tap in {**outputs.taps, PICTURE: outputs.picture}.items()}

    def answer(self, sample: Pair) -> Outputs:
        """The same on the device and in float32; a pair may be of several crops, (N, H, W, 3)."""
        height, width = sample.lr.shape[-3:-1]
        with torch.no_grad():
            outputs = self._tapped(*(tensor.to(self._device) for tensor in inputs_of(sample, self._spec)))
            made = outputs.picture[:, :, : height * self._spec.scale, : width * self._spec.scale].float()
            if self._spec.scale != self._student.scale:
                size = (height * self._student.scale, width * self._student.scale)
                made = F.interpolate(made, size, mode="bicubic", antialias=True)
            return Outputs(_luma(made) if self._student.channels < made.shape[1] else made, outputs.taps)

    def blank(self) -> Pair:
        """As `Asked`."""
        large, small = (np.zeros((side, side, 3), np.uint8) for side in (_BLANK * self._spec.scale, _BLANK))
        return Pair("blank", large, small)


def _luma(rgb: Tensor) -> Tensor:
    """(N, 3, H, W) in [0, 1] -> (N, 1, H, W) as networks on luma have it."""
    weights = rgb.new_tensor(RGB_TO_YCBCR[0]).reshape(1, 3, 1, 1)
    return ((rgb * weights).sum(1, keepdim=True) + float(YCBCR_OFFSET[0])) / 255


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
        self._teacher = AskedUpscaler(teacher, taps, self._spec, device) if teacher else None
        self._cache: TeacherCache | None = None
        self._pairs: list[Pair] = []
        grid = teacher.spec.align if teacher else 1
        require_multiple(recipe, math.lcm(grid, self._spec.align))
        pictures, self._val = _read(recipe)
        self._degrader = degrader(recipe.data.degradation)
        self._held_out = make_pairs(self._val, self._spec.scale, degraders=[self._degrader])
        anew = recipe.data.degradation == "real" and not recipe.data.variants
        self._batch = self._anew(pictures, quiet) if anew else self._kept(pictures, grid, quiet)

    def _anew(self, pictures: list[Named], quiet: bool) -> Callable[[int], Batch]:
        """Crops that are degraded, and shown to the teacher, in every step."""
        data, spec = self._recipe.data, self._spec
        whole = [*resized(pictures, data.sizes)]
        crops = DegradedCrops(whole, spec.scale, data.patch, spec.channels, self._recipe.seed)
        _tell_left_out(crops.too_small, len(whole), quiet)
        return partial(crops.batch, size=self._recipe.batch, teacher=self._teacher and self._teacher.answer)

    def _kept(self, pictures: list[Named], grid: int, quiet: bool) -> Callable[[int], Batch]:
        """Crops of pairs that are made once, as are the teacher's answers."""
        recipe, data, spec = self._recipe, self._recipe.data, self._spec
        ways = [degrader(data.degradation, recipe.seed, way) for way in range(max(1, data.variants))]
        pairs = make_pairs(pictures, spec.scale, data.sizes, ways)
        crops = Crops(pairs, data.patch, spec.channels, grid, recipe.seed)
        _tell_left_out(crops.too_small, len(pairs), quiet)
        if self._teacher:
            self._cache = TeacherCache(self._teacher, recipe.cache_gb)
            self._cache.require_room(crops.pairs)
        self._pairs = crops.pairs
        return partial(crops.batch, size=recipe.batch, teacher=self._cache)

    def probe(self) -> Outputs | None:
        """As `Material`."""
        return stacked([dict(self._teacher(self._teacher.blank()))]) if self._teacher else None

    def fill(self, quiet: bool) -> None:
        """As `Material`."""
        if self._cache:
            self._cache.fill(self._pairs, quiet)

    def batch(self, step: int) -> Batch:
        """As `Material`."""
        batch = self._batch(step)
        return _shown_truth(batch) if self._spec.privileged else batch

    def watch(self, network: nn.Module) -> float:
        """As `Material`."""
        upscale = torch_upscaler(network, self._spec, self._device)
        scores = [psnr_y(upscale(pair).picture, pair.hr, self._spec.scale) for pair in self._held_out]
        return float(np.mean(scores))

    def score(self, network: nn.Module, spec: ModelSpec) -> dict[str, Any]:
        """As `Material`."""
        upscale = shrinking(torch_upscaler(network, spec, self._device), spec.scale // self._spec.scale)
        return score(upscale, self._val, self._spec.scale, Trial(self._degrader))

    def draw(self, network: nn.Module, path: Path) -> None:
        """As `Material`."""
        draw_strip(self._held_out[:4], torch_upscaler(network, self._spec, self._device), path)

    def files(self, source: str) -> list[Path]:
        """As `Material`."""
        return picture_files(source)


def _shown_truth(batch: Batch) -> Batch:
    target = batch.target
    return replace(batch, target=replace(target, inputs=(*target.inputs, target.picture)))


def require_multiple(recipe: Recipe, multiple: int) -> None:
    """Raise BadInput when the recipe's crops do not fit the grids of its networks."""
    if recipe.data.patch % multiple:
        raise BadInput(f"data.patch = {recipe.data.patch} must be a multiple of {multiple} for these networks")


def _tell_left_out(count: int, of: int, quiet: bool) -> None:
    if count and not quiet:
        print(f"{count} of {of} pictures are smaller than the crop and left out", file=sys.stderr)


def _read(recipe: Recipe) -> tuple[list[Named], list[Named]]:
    """The pictures of the recipe's folders, to train and to evaluate on."""
    pictures = [item for source in recipe.data.train for item in read_pictures(source)]
    if recipe.data.val:
        return pictures, [item for source in recipe.data.val for item in read_pictures(source)]
    kept = [item for index, item in enumerate(pictures) if index % HOLD_OUT]
    if not kept:
        raise BadInput("only one picture to train on; give more with --data, or name others for --set data.val=[...]")
    return kept, pictures[::HOLD_OUT]
