"""What a source of pictures offers before anything is chosen from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Candidate:
    """One picture that could be chosen; `read` gives it as uint8 (H, W, 3) BGR."""

    name: str
    """Unique within its source, and the same each time the source is gone through."""
    read: Callable[[], np.ndarray]


@dataclass(frozen=True)
class Source:
    """A source of pictures that can be gone through more than once.

    Choosing measures every picture in a first pass and reads the chosen ones in a second, so that
    memory does not grow with the source.
    """

    name: str
    """What the pictures come from, without its place on the disk."""
    total: int
    """About how many candidates there are, for a progress bar."""
    candidates: Callable[[], Iterator[Candidate]]
    """Starts a new pass. Reading a candidate, or going on, raises BadInput where a file is damaged."""
