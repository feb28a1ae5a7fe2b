"""Chroma planes at another size or layout, every sample where its colour lies."""

from __future__ import annotations

from functools import lru_cache
from math import floor

import cv2
import numpy as np

from ..core.colour import store
from ..core.memory import Empty, copied
from .frame import Layout

_SHARPNESS = -0.75
"""Of the cubic kernel, as OpenCV and PyTorch have it."""


def enlarge_chroma(
    plane: np.ndarray, height: int, width: int, scale: int, source: Layout, target: Layout, empty: Empty = np.empty
) -> np.ndarray:
    """A chroma plane of a frame -> that of the frame `scale` times as large, height x width.

    Cubic, and sited as in `source`: resizing the plane edge to edge would push colours sideways by a
    quarter of an output pixel, and further in frames of odd size. A plane of one value, broadcast, stays one.
    """
    rows, columns = target.chroma_size(height, width)
    if plane.strides == (0, 0):
        return np.broadcast_to(plane[:1, :1], (rows, columns))
    first_x = (0.5 / scale - 0.5) / source.across
    first_y = ((target.down / 2) / scale - source.down / 2) / source.down
    across = _phases(copied(plane, np.float32, empty), 1, scale * source.across, target.across, first_x, empty)
    wide = cv2.merge(across, empty((*across[0].shape, len(across)), np.float32)).reshape(len(plane), -1)
    made = empty((rows, columns), plane.dtype)
    down = _phases(wide, 0, scale * source.down, target.down, first_y, empty)
    for row, phase in enumerate(down):
        places = made[row :: len(down)]
        store(phase[: len(places), :columns], 1, places)
    return made


def _phases(plane: np.ndarray, axis: int, finer: int, coarser: int, first: float, empty: Empty) -> list[np.ndarray]:
    """`plane` made `finer` / `coarser` as long along an axis, from the place `first` on.

    One is a whole multiple of the other. Samples that lie alike between those they are made of are one filter's work,
    a phase: they follow each other in turn.
    """
    phases = []
    for anchor, taps in _filters(max(1, finer // coarser), first):
        at, kernel = ((anchor, 0), taps[None]) if axis else ((0, anchor), taps[:, None])
        made = empty(plane.shape, np.float32)
        cv2.filter2D(plane, -1, kernel, dst=made, anchor=at, borderType=cv2.BORDER_REPLICATE)
        step = max(1, coarser // finer)
        thinned = made[:, ::step] if axis else made[::step]
        phases.append(made if step == 1 else copied(thinned, np.float32, empty))
    return phases


@lru_cache(maxsize=64)
def _filters(phases: int, first: float) -> list[tuple[int, np.ndarray]]:
    """For each of so many places between two samples, the first at `first`: the anchor and taps that read there."""
    return [_filter(first + phase / phases) for phase in range(phases)]


def _filter(place: float) -> tuple[int, np.ndarray]:
    """Keys' cubic kernel, at four samples round `place`; the anchor is the one of them that is sample 0."""
    start = floor(place) - 1
    x = np.abs(place - start - np.arange(4))
    inner = ((_SHARPNESS + 2) * x - (_SHARPNESS + 3)) * x**2 + 1
    outer = ((_SHARPNESS * x - 5 * _SHARPNESS) * x + 8 * _SHARPNESS) * x - 4 * _SHARPNESS
    return -start, np.where(x <= 1, inner, outer).astype(np.float32)
