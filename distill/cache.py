"""The teacher runs once over each training picture; its outputs are kept on disk."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch

from ..core.checkpoint import Checkpoint
from ..core.colour import RGB_TO_YCBCR, YCBCR_OFFSET
from ..core.errors import BadInput
from ..core.files import cache_home, write_bytes
from ..core.progress import progress
from .data import PICTURE, TeacherMaps
from .evaluate import Pair
from .taps import Outputs, Tapped
from .torch_upscaler import to_aligned

_PROBE = 16


def teacher_home() -> Path:
    """Where the outputs of all teachers are."""
    return cache_home() / "teacher"


class TeacherCache:
    """Outputs and taps of one teacher, half precision, keyed by its weights and the LR picture's bytes.

    `channels` is what the student works in: an RGB teacher's picture is kept as luma for a luma
    student. A run that was cut off goes on where it stopped. All teachers together keep `limit_gb`.
    """

    def __init__(
        self, teacher: Checkpoint, taps: Iterable[str], channels: int, limit_gb: float, device: torch.device
    ) -> None:
        """Raises BadInput for a feature that the teacher does not have."""
        self._spec, self._channels, self._limit, self._device = teacher.spec, channels, limit_gb * 1e9, device
        self._tapped = Tapped(teacher.network.to(device), teacher.spec, taps, f"the teacher {teacher.name}")
        self._names = sorted([PICTURE, *taps])
        key = hashlib.sha256(f"{teacher.digest} {teacher.options} {channels}".encode()).hexdigest()[:24]
        self.folder = teacher_home() / key

    def probe(self) -> Outputs:
        """What the teacher makes of a small black picture: the shapes to expect."""
        maps = {name: torch.from_numpy(array)[None].float() for name, array in self._probe().items()}
        return Outputs(maps.pop(PICTURE), maps)

    def require_room(self, pairs: Sequence[Pair]) -> None:
        """Raise BadInput when the outputs for these pictures would not fit in the limit."""
        needed = self._bytes(pairs)
        if needed > self._limit:
            raise BadInput(
                f"the teacher's outputs need {needed / 1e9:.2g} GB on disk and cache_gb allows {self._limit / 1e9:g}; "
                f"use --set cache_gb={np.ceil(needed / 1e8) / 10:g}, fewer pictures or fewer features"
            )

    def fill(self, pairs: Sequence[Pair], quiet: bool) -> None:
        """Run the teacher over every picture that is not kept yet; outputs of no use here make room, oldest first."""
        missing = [pair for pair in pairs if not all(self._file(pair, name).exists() for name in self._names)]
        self._make_room(self._bytes(missing), {self._file(pair, name) for pair in pairs for name in self._names})
        with progress("teacher", len(missing), quiet) as advance:
            for pair in missing:
                for name, array in self._run(pair.lr).items():
                    data = io.BytesIO()
                    np.save(data, array)
                    write_bytes(self._file(pair, name), data.getbuffer())
                advance()

    def __call__(self, pair: Pair) -> TeacherMaps:
        """The kept maps of one picture, read from disk only where they are cut."""
        return {name: np.load(self._file(pair, name), mmap_mode="r") for name in self._names}

    def _file(self, pair: Pair, name: str) -> Path:
        return self.folder / f"{pair.digest}.{name}.npy"

    def _probe(self) -> dict[str, np.ndarray]:
        return self._run(np.zeros((_PROBE, _PROBE, 3), np.uint8))

    def _bytes(self, pairs: Sequence[Pair]) -> float:
        of_probe = sum(array.nbytes for array in self._probe().values())
        return of_probe / _PROBE**2 * sum(pair.lr.shape[0] * pair.lr.shape[1] for pair in pairs)

    def _run(self, lr: np.ndarray) -> dict[str, np.ndarray]:
        height, width = (side * self._spec.scale for side in lr.shape[:2])
        with torch.inference_mode():
            outputs = self._tapped(to_aligned(lr, self._spec).to(self._device))
        maps = {name: tap[0].float().cpu().numpy() for name, tap in outputs.taps.items()}
        made = outputs.picture[0, :, :height, :width].float().cpu().numpy()
        if self._channels == 1 and made.shape[0] == 3:
            made = (np.einsum("c,chw->hw", RGB_TO_YCBCR[0], made) + YCBCR_OFFSET[0])[None] / 255
        return {name: array.astype(np.float16) for name, array in {**maps, PICTURE: made}.items()}

    def _make_room(self, needed: float, used: set[Path]) -> None:
        kept = {file: file.stat() for file in teacher_home().rglob("*.npy")}
        excess = needed + sum(facts.st_size for facts in kept.values()) - self._limit
        for file in sorted(kept.keys() - used, key=lambda file: kept[file].st_mtime):
            if excess <= 0:
                break
            file.unlink(missing_ok=True)
            excess -= kept[file].st_size
