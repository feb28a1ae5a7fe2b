"""What an interpolator is trained and judged on: triplets, filmed or made from photos."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Iterable, Sequence
from itertools import compress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.checkpoint import Checkpoint
from ..core.errors import BadInput
from ..core.metrics import psnr_rgb
from ..core.spec import ModelSpec
from .batch import Batch
from .cache import PICTURE, Asked, Maps, TeacherCache
from .footage import Filmed, Footage, footage_files, open_footage
from .interpolation_scores import score_triplets
from .loop import has_bfloat16
from .plots import draw_triplets
from .recipe import HOLD_OUT, Recipe
from .synthesis import move
from .taps import Outputs, Tapped
from .torch_interpolator import torch_interpolator
from .torch_upscaler import to_aligned
from .triplet_crops import MOTION, TripletCrops, outputs_of
from .upscaling import require_multiple

_WATCHED = 32
"""Held-out triplets that are looked at in training: more would take as long as the training."""
_BLANK = 64

T = TypeVar("T")


class AskedInterpolator(Asked[Filmed]):
    """A teacher of interpolation: asked about a triplet's frames, it answers with picture, motion and features."""

    def __init__(self, teacher: Checkpoint, taps: Iterable[str], device: torch.device, amp: bool) -> None:
        """`amp` runs it in bfloat16 where the device has that.

        Raises BadInput for a feature that the teacher does not have.
        """
        self._spec, self._device = teacher.spec, device
        network = teacher.network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._tapped = Tapped(network, teacher.spec, taps, f"the teacher {teacher.name}")
        self.names = sorted([PICTURE, MOTION, *taps])
        self._amp = amp and has_bfloat16(device)
        self.key = hashlib.sha256(f"{teacher.digest} {teacher.options} {self._amp}".encode()).hexdigest()[:24]

    def __call__(self, sample: Filmed) -> Maps:
        """As `Asked`."""
        height, width = sample.truth.shape[:2]
        early, late = (to_aligned(frame, self._spec).to(self._device) for frame in (sample.before, sample.after))
        t = torch.tensor([sample.t], dtype=torch.float32, device=self._device)
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=self._amp):
            outputs = self._tapped(early, late, t)
        halved = F.avg_pool2d(torch.cat(outputs.motions[-1], 1), 2)
        maps = {**outputs.taps, PICTURE: outputs.picture, MOTION: halved}
        padded = early.shape[2]
        kept = {name: _without_padding(array, padded // array.shape[2], height, width) for name, array in maps.items()}
        return {name: array[0].half().cpu().numpy() for name, array in kept.items()}

    def blank(self) -> Filmed:
        """As `Asked`."""
        black = np.zeros((_BLANK, _BLANK, 3), np.uint8)
        return Filmed("blank", black, black, black, 0.5, "blank")


class Interpolation:
    """The `Material` of interpolators."""

    metric = "psnr_rgb"

    def __init__(
        self, recipe: Recipe, teacher: Checkpoint | None, taps: Iterable[str], device: torch.device, quiet: bool
    ) -> None:
        """Find triplets and photos; see `open_footage` for what it raises.

        Raises BadInput, too, where there is a teacher and nothing to ask it about.
        """
        self._recipe, self._spec, self._device = recipe, recipe.student_spec(), device
        # A feature says nothing of motion run backwards; a picture and its motion do.
        taps = sorted(taps)
        self._either_way = not taps
        self._teacher = AskedInterpolator(teacher, taps, device, recipe.amp) if teacher else None
        self._cache = TeacherCache(self._teacher, recipe.cache_gb) if self._teacher else None
        grid = teacher.spec.align if teacher and taps else 2
        require_multiple(recipe, math.lcm(grid, self._spec.align))
        footage, self._val = _read(recipe, quiet)
        data = recipe.data
        self._crops = TripletCrops(footage.triplets, footage.photos, data.patch, grid, data.synthesised, recipe.seed)
        if self._crops.too_small and not quiet:
            left_out = f"{self._crops.too_small} of {len(footage.triplets)} triplets"
            print(f"{left_out} are smaller than the crop and left out", file=sys.stderr)
        if self._cache and not self._crops.filmed:
            raise BadInput(
                f"the teacher is asked about filmed triplets, and of {len(footage.triplets)} none is as large as "
                f"data.patch={data.patch}: name a video, or one whose frames are larger, use a smaller data.patch, or "
                "train without a teacher, --set teacher=none, and without the losses that ask it"
            )
        if self._cache:
            self._cache.require_room(self._crops.filmed)

    def probe(self) -> Outputs | None:
        """As `Material`."""
        return outputs_of([dict(self._teacher(self._teacher.blank()))]) if self._teacher else None

    def fill(self, quiet: bool) -> None:
        """As `Material`."""
        if self._cache:
            self._cache.fill(self._crops.filmed, quiet)

    def batch(self, step: int) -> Batch:
        """As `Material`."""
        return self._crops.batch(step, self._recipe.batch, self._cache, self._either_way)

    def watch(self, network: nn.Module) -> float:
        """As `Material`."""
        between = torch_interpolator(network, self._spec, self._device)
        return float(np.mean([psnr_rgb(between(each.before, each.after, each.t), each.truth) for each in self._val]))

    def score(self, network: nn.Module, spec: ModelSpec) -> dict[str, Any]:
        """As `Material`."""
        return score_triplets(torch_interpolator(network, spec, self._device), self._val)

    def draw(self, network: nn.Module, path: Path) -> None:
        """As `Material`."""
        shown = self._val[:: max(1, len(self._val) // 4)][:4]
        draw_triplets(shown, torch_interpolator(network, self._spec, self._device), path)

    def files(self, source: str) -> list[Path]:
        """As `Material`."""
        return footage_files(source)


def _without_padding(features: Tensor, shrunk: int, height: int, width: int) -> Tensor:
    """The part of a map, `shrunk` times smaller than the padded frame, that covers the frame itself."""
    return features[:, :, : -(-height // shrunk), : -(-width // shrunk)]


def _read(recipe: Recipe, quiet: bool) -> tuple[Footage, list[Filmed]]:
    """What to train on, and the triplets to evaluate on: those of `val`, or an eighth of each source."""
    triplets, photos, val = [], [], []
    for source in recipe.data.train:
        footage = open_footage(source, recipe.data.gaps, quiet)
        for note in footage.notes if not quiet else ():
            print(note, file=sys.stderr)
        kept, held_out = (footage.triplets, []) if recipe.data.val else apart(footage.triplets)
        triplets, photos, val = [*triplets, *kept], [*photos, *footage.photos], [*val, *held_out]
    for source in recipe.data.val:
        val += open_footage(source, recipe.data.gaps, quiet).triplets
    judged = {each.digest for each in val}
    triplets = [each for each in triplets[:: recipe.data.thin] if each.digest not in judged]
    if not val:
        photos, seen_by_nobody = apart(photos)
        val = _scenes(seen_by_nobody, recipe.data.patch)
    return Footage(triplets, photos), val[:: max(1, math.ceil(len(val) / _WATCHED))]


def apart(items: Sequence[T]) -> tuple[list[T], list[T]]:
    """What to train on and what to hold out: an eighth in eight runs, for neighbours in a film share frames."""
    run = max(1, len(items) // HOLD_OUT**2)
    held_out = [index // run % HOLD_OUT == 0 for index in range(len(items))]
    return [item for item, held in zip(items, held_out, strict=True) if not held], list(compress(items, held_out))


def _scenes(photos: Sequence[np.ndarray], side: int) -> list[Filmed]:
    """Where nothing was filmed: scenes made from photos that are not trained on, the same on every run."""
    if not photos:
        raise BadInput("nothing to evaluate on; name triplets or a video by --set data.val=[...]")
    scenes = [move(photos, np.random.default_rng(seed), 4 * side, t=0.5) for seed in range(_WATCHED)]
    return [Filmed(f"scene {seed}", s.before, s.truth, s.after, s.t, "") for seed, s in enumerate(scenes)]
