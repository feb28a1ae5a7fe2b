"""Chroma planes at another size or layout, every sample where its colour lies."""

from __future__ import annotations

from functools import lru_cache
from math import floor

import cv2
import numpy as np

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
    shape = target.chroma_size(height, width)
    if plane.strides == (0, 0):
        return np.broadcast_to(plane[:1, :1], shape)
    first_x = (0.5 / scale - 0.5) / source.across
    first_y = ((target.down / 2) / scale - source.down / 2) / source.down
    # Rounded to whole samples between the two: floats would take four times the memory, and twice the time.
    wide = _stretched(plane, 1, scale * source.across, target.across, first_x, empty)
    made = _stretched(wide, 0, scale * source.down, target.down, first_y, empty)
    if source.bits > 8:
        np.minimum(made, (1 << source.bits) - 1, out=made)
    return made if made.shape == shape else copied(made[: shape[0], : shape[1]], made.dtype, empty)


def _stretched(plane: np.ndarray, axis: int, finer: int, coarser: int, first: float, empty: Empty) -> np.ndarray:
    """`plane` made `finer` / `coarser` as long along an axis, from the place `first` on.

    One is a whole multiple of the other. Samples that lie alike between those they are made of are one filter's
    work; they follow each other in turn.
    """
    filters, step = _filters(max(1, finer // coarser), first), max(1, coarser // finer)
    rows, columns = plane.shape
    if axis == 0:
        made = empty((len(filters) * rows, columns), plane.dtype)
        for row, (anchor, taps) in enumerate(filters):
            _filter_into(made[row :: len(filters)], plane, taps[:, None], (0, anchor))
        return made if step == 1 else copied(made[::step], plane.dtype, empty)
    phases = [empty(plane.shape, plane.dtype) for _ in filters]
    for phase, (anchor, taps) in zip(phases, filters, strict=True):
        _filter_into(phase, plane, taps[None], (anchor, 0))
    if step > 1:
        return copied(phases[0][:, ::step], plane.dtype, empty)
    return cv2.merge(phases, empty((rows, columns, len(phases)), plane.dtype)).reshape(rows, -1)


def _filter_into(made: np.ndarray, plane: np.ndarray, kernel: np.ndarray, anchor: tuple[int, int]) -> None:
    cv2.filter2D(plane, -1, kernel, dst=made, anchor=anchor, borderType=cv2.BORDER_REPLICATE)


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
