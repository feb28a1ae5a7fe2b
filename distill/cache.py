"""The teacher runs once over each training picture; its outputs are kept on disk."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from ..core.checkpoint import Checkpoint
from ..core.colour import RGB_TO_YCBCR, YCBCR_OFFSET, to_network
from ..core.errors import BadInput
from ..core.files import whole
from ..core.progress import progress
from .data import Pair, TeacherMaps
from .taps import Tapped

_PICTURE = "picture"


def cache_home() -> Path:
    """`POCKETLENS_CACHE`, or the user's cache folder."""
    home = os.environ.get("POCKETLENS_CACHE") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "pocketlens"
    return Path(home).expanduser()


class TeacherCache:
    """Outputs and taps of one teacher, half precision, keyed by its weights and the LR picture's bytes.

    `channels` is what the student works in: an RGB teacher's picture is kept as luma for a luma
    student. A run that was cut off goes on where it stopped.
    """

    def __init__(self, teacher: Checkpoint, taps: Iterable[str], channels: int, limit_gb: float) -> None:
        self._names = sorted(taps)
        self._spec, self._channels, self._limit = teacher.spec, channels, limit_gb * 1e9
        self._tapped = Tapped(teacher.network, teacher.spec, self._names)
        key = hashlib.sha256(f"{teacher.digest} {channels}".encode()).hexdigest()[:24]
        self.folder = cache_home() / "teacher" / key

    def fill(self, pairs: Sequence[Pair], device: torch.device, quiet: bool) -> None:
        """Run the teacher over every picture that is not kept yet.

        Raises BadInput when the pictures' outputs would not fit in the limit.
        """
        missing = [pair for pair in pairs if not all(self._file(pair, name).exists() for name in self._maps())]
        if not missing:
            return
        self._make_room(pairs, missing[0], device)
        self._tapped.network.to(device)
        with progress("teacher", len(missing), quiet) as advance:
            for pair in missing:
                self._store(pair, self._run(pair, device))
                advance()
        self._tapped.network.cpu()

    def __call__(self, pair: Pair) -> TeacherMaps:
        """The kept maps of one picture, read from disk only where they are cut."""
        maps = {name: np.load(self._file(pair, name), mmap_mode="r") for name in self._maps()}
        return TeacherMaps(maps.pop(_PICTURE), maps)

    def _maps(self) -> list[str]:
        return [_PICTURE, *self._names]

    def _file(self, pair: Pair, name: str) -> Path:
        return self.folder / f"{pair.digest}.{name}.npy"

    def _run(self, pair: Pair, device: torch.device) -> dict[str, np.ndarray]:
        x = torch.from_numpy(to_network(pair.lr, self._spec.channels))[None].to(device)
        height, width = (side * self._spec.scale for side in pair.lr.shape[:2])
        pad = (0, -x.shape[3] % self._spec.align, 0, -x.shape[2] % self._spec.align)
        with torch.inference_mode():
            outputs = self._tapped(F.pad(x, pad, mode="replicate"))
        made = outputs.picture[0, :, :height, :width].float().cpu().numpy()
        if self._channels == 1 and made.shape[0] == 3:
            made = (np.einsum("c,chw->hw", RGB_TO_YCBCR[0], made) + YCBCR_OFFSET[0])[None] / 255
        maps = {_PICTURE: made, **{name: tap[0].float().cpu().numpy() for name, tap in outputs.taps.items()}}
        return {name: array.astype(np.float16) for name, array in maps.items()}

    def _store(self, pair: Pair, maps: dict[str, np.ndarray]) -> None:
        for name, array in maps.items():
            with whole(self._file(pair, name)) as draft:
                np.save(draft, array)

    def _make_room(self, pairs: Sequence[Pair], first: Pair, device: torch.device) -> None:
        """Other teachers' outputs go, least recently made first; this run's must fit."""
        self._tapped.network.to(device)
        bytes_per_pixel = sum(array.nbytes for array in self._run(first, device).values()) / first.lr[..., 0].size
        needed = bytes_per_pixel * sum(pair.lr[..., 0].size for pair in pairs)
        if needed > self._limit:
            raise BadInput(
                f"the teacher's outputs need {needed / 1e9:.1f} GB on disk and cache_gb allows {self._limit / 1e9:g}; "
                f"use --set cache_gb={needed / 1e9 + 1:.0f}, fewer pictures or fewer features"
            )
        others = [folder for folder in self.folder.parent.glob("*") if folder != self.folder]
        for folder in sorted(others, key=lambda folder: folder.stat().st_mtime):
            if needed + _size(self.folder.parent) <= self._limit:
                break
            shutil.rmtree(folder, ignore_errors=True)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
