"""Arrays whose memory serves again once nobody holds them, so that a stream takes no new pixel buffer for a frame."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from sys import getrefcount

import numpy as np
from numpy.typing import DTypeLike

Empty = Callable[[tuple[int, ...], DTypeLike], np.ndarray]
"""Shape and kind -> an array whose values are anything: `np.empty`, or that of a `Pool`."""

_SHAPES = 64
"""Shapes and kinds that are remembered, the latest: more than a frame takes, and those of old sizes are forgotten."""
_ALIKE = 16
"""Arrays remembered of a shape and kind: as many as a queue holds, not as many as somebody collects."""


def _free(arrays: list[np.ndarray], held: int) -> np.ndarray | None:
    """The first of them that is counted no more than `held` times."""
    for array in arrays:
        if getrefcount(array) <= held:
            return array
    return None


_NOBODY = next(held for held in range(1, 10) if _free([np.empty(0)], held) is not None)
"""What is counted of an array that is in such a list and nowhere else."""


class Pool:
    """A source of arrays, which may be kept: what anyone still holds, or a view of it, is not given again.

    One thread at a time asks for them; any may let go of them.
    """

    def __init__(self) -> None:
        self._shelves: OrderedDict[tuple[tuple[int, ...], DTypeLike], list[np.ndarray]] = OrderedDict()
        self._offered: np.ndarray | None = None

    @contextmanager
    def offering(self, array: np.ndarray | None) -> Iterator[None]:
        """Within it, the first one who asks for this shape and kind gets this array, if any.

        Only for what keeps nothing of what it makes: the array is somebody else's again afterwards.
        """
        self._offered = array
        try:
            yield
        finally:
            self._offered = None

    def empty(self, shape: tuple[int, ...], kind: DTypeLike) -> np.ndarray:
        """As `np.empty`."""
        offered = self._offered
        if offered is not None and (offered.shape, offered.dtype) == (shape, kind):
            self._offered = None
            return offered
        key = shape, kind
        shelf = self._shelves.setdefault(key, [])
        self._shelves.move_to_end(key)
        free = _free(shelf, _NOBODY)
        if free is not None:
            return free
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
