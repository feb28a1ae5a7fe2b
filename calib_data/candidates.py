"""What a source offers before anything is chosen from it: pictures, or pairs of frames with their middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Candidate(Generic[T]):
    """One that could be chosen; `read` gives a picture as uint8 (H, W, 3) BGR, or a triplet of such."""

    name: str
    """Unique within its source, and the same each time the source is gone through."""
    read: Callable[[], T]


@dataclass(frozen=True)
class Source(Generic[T]):
    """A source that can be gone through more than once.

    Choosing measures every candidate in a first pass and reads the chosen ones in a second, so that
    memory does not grow with the source.
    """

    name: str
    """What the candidates come from, without its place on the disk."""
    total: int
    """About how many candidates there are, for a progress bar."""
    candidates: Callable[[], Iterator[Candidate[T]]]
    """Starts a new pass. Reading a candidate, or going on, raises BadInput where a file is damaged."""
