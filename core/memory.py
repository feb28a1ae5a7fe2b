"""Arrays whose memory serves again once nobody holds them, so that a stream takes no new pixel buffer for a frame."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from sys import getrefcount

import numpy as np
from numpy.typing import DTypeLike

Empty = Callable[[tuple[int, ...], DTypeLike], np.ndarray]
"""Shape and kind -> an array whose values are anything: `np.empty`, or that of a `Pool`."""

_SHAPES = 64
"""Shapes and kinds that are remembered, the latest: more than a frame takes, and those of old sizes are forgotten."""
_ALIKE = 16
"""Arrays remembered of a shape and kind: as many as a queue holds, not as many as somebody collects."""


def _holders(arrays: list[np.ndarray]) -> list[int]:
    return [getrefcount(array) for array in arrays]


_NOBODY = _holders([np.empty(0)])[0]
"""What is counted of an array that is in such a list and nowhere else."""


class Pool:
    """A source of arrays, which may be kept: what anyone still holds, or a view of it, is not given again.

    One thread at a time asks for them; any may let go of them.
    """

    def __init__(self) -> None:
        self._shelves: OrderedDict[tuple[tuple[int, ...], np.dtype], list[np.ndarray]] = OrderedDict()

    def empty(self, shape: tuple[int, ...], kind: DTypeLike) -> np.ndarray:
        """As `np.empty`."""
        key = shape, np.dtype(kind)
        shelf = self._shelves.setdefault(key, [])
        self._shelves.move_to_end(key)
        counts = _holders(shelf)
        if _NOBODY in counts:
            return shelf[counts.index(_NOBODY)]
        if len(self._shelves) > _SHAPES:
            self._shelves.popitem(last=False)
        made = np.empty(shape, kind)
        if len(shelf) < _ALIKE:
            shelf.append(made)
        return made


def copied(array: np.ndarray, kind: DTypeLike, empty: Empty) -> np.ndarray:
    """The same values as an array of that kind, whole in memory."""
    made = empty(array.shape, kind)
    made[...] = array
    return made
