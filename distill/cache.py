"""The teacher runs once over each training sample; its outputs are kept on disk."""

from __future__ import annotations

import io
import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from ..core.errors import BadInput
from ..core.files import cache_home, write_bytes
from ..core.progress import progress

PICTURE = "picture"
Maps = Mapping[str, np.ndarray]
"""What a teacher made of one whole sample: PICTURE and each feature -> (C, H, W), possibly on disk."""


class Sample(Protocol):
    """Something that a teacher can be asked about."""

    @property
    def digest(self) -> Any:
        """A string that names it by its content; `Any`, for type checkers know no cached property as a `str`."""
        ...

    @property
    def pixels(self) -> int:
        """How large it is."""
        ...


S = TypeVar("S", bound=Sample)


class Asked(Generic[S]):
    """A teacher, and how it is asked about one sample."""

    key: str
    """Names its weights and all else that its answers depend on."""
    names: Sequence[str]
    """Of the maps it answers with."""

    @abstractmethod
    def __call__(self, sample: S) -> Maps:
        """Run it; the maps are half precision."""

    @abstractmethod
    def blank(self) -> S:
        """A small black sample, which shows the shapes to expect."""


def teacher_home() -> Path:
    """Where the outputs of all teachers are."""
    return cache_home() / "teacher"


class TeacherCache(Generic[S]):
    """Answers of one teacher, keyed by it and the sample's digest.

    A run that was cut off goes on where it stopped. All teachers together keep `limit_gb`; what another run removed
    meanwhile, to make room for its own, is asked again.
    """

    def __init__(self, teacher: Asked[S], limit_gb: float) -> None:
        self._teacher, self._limit = teacher, limit_gb * 1e9
        self.folder = teacher_home() / teacher.key

    def require_room(self, samples: Sequence[S]) -> None:
        """Raise BadInput when the outputs for these samples would not fit in the limit."""
        needed = self._bytes(samples)
        if needed > self._limit:
            raise BadInput(
                f"the teacher's outputs need {needed / 1e9:.2g} GB on disk and cache_gb allows {self._limit / 1e9:g}; "
                f"use --set cache_gb={np.ceil(needed / 1e8) / 10:g}, fewer pictures or fewer features"
            )

    def fill(self, samples: Sequence[S], quiet: bool) -> None:
        """Run the teacher over every sample that is not kept yet; what no run has asked for for longest makes room."""
        names = self._teacher.names
        wanted = {self._file(sample, name) for sample in samples for name in names}
        kept = {file for file in wanted if file.exists()}
        for file in kept:
            os.utime(file)
        missing = [sample for sample in samples if not all(self._file(sample, name) in kept for name in names)]
        self._make_room(self._bytes(missing), wanted)
        with progress("teacher", len(missing), quiet) as advance:
            for sample in missing:
                self._ask(sample)
                advance()

    def __call__(self, sample: S) -> Maps:
        """The kept maps of one sample, read from disk only where they are cut."""
        try:
            return self._kept(sample)
        except FileNotFoundError:
            self._ask(sample)
            return self._kept(sample)

    def _ask(self, sample: S) -> None:
        for name, array in self._teacher(sample).items():
            data = io.BytesIO()
            np.save(data, array)
            write_bytes(self._file(sample, name), data.getbuffer())

    def _kept(self, sample: S) -> Maps:
        return {name: np.load(self._file(sample, name), mmap_mode="r") for name in self._teacher.names}

    def _file(self, sample: S, name: str) -> Path:
        return self.folder / f"{sample.digest}.{name}.npy"

    def _bytes(self, samples: Sequence[S]) -> float:
        blank = self._teacher.blank()
        of_blank = sum(array.nbytes for array in self._teacher(blank).values())
        return of_blank / blank.pixels * sum(sample.pixels for sample in samples)

    def _make_room(self, needed: float, used: set[Path]) -> None:
        kept = {file: file.stat() for file in teacher_home().rglob("*.npy")}
        excess = needed + sum(facts.st_size for facts in kept.values()) - self._limit
        for file in sorted(kept.keys() - used, key=lambda file: kept[file].st_mtime):
            if excess <= 0:
                break
            file.unlink(missing_ok=True)
            excess -= kept[file].st_size
