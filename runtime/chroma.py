"""Chroma planes at another size or layout, every sample where its colour lies."""

from __future__ import annotations

from collections.abc import Sequence
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
    pair: Sequence[np.ndarray],
    height: int,
    width: int,
    scale: int,
    source: Layout,
    target: Layout,
    empty: Empty = np.empty,
) -> Sequence[np.ndarray]:
    """Cb and Cr of a frame -> those of the frame `scale` times as large, height x width.

    Cubic, and sited as in `source`: resizing a plane edge to edge would push colours sideways by a
    quarter of an output pixel, and further in frames of odd size. Planes of one value, broadcast, stay such.
    """
    rows, columns = target.chroma_size(height, width)
    if all(plane.strides == (0, 0) for plane in pair):
        return [np.broadcast_to(plane[:1, :1], (rows, columns)) for plane in pair]
    first_x = (0.5 / scale - 0.5) / source.across
    first_y = ((target.down / 2) / scale - source.down / 2) / source.down
    kind = pair[0].dtype
    both = copied(cv2.merge(pair, empty((*pair[0].shape, 2), kind)), np.float32, empty)
    down = _phases(both, 0, scale * source.down, target.down, first_y, empty)
    across = [_phases(phase, 1, scale * source.across, target.across, first_x, empty) for phase in down]
    made = empty((len(down) * len(across[0][0]), len(across[0]) * across[0][0].shape[1], 2), kind)
    for row, phases in enumerate(across):
        _interleave([store(phase, 1, empty(phase.shape, kind)) for phase in phases], made[row :: len(down)])
    if source.bits > 8:
        np.minimum(made, (1 << source.bits) - 1, out=made)
    return cv2.split(made[:rows, :columns], [empty((rows, columns), kind) for _ in pair])


def _interleave(phases: Sequence[np.ndarray], into: np.ndarray) -> None:
    """Columns of two-channel images, in turn; to OpenCV a pair of samples is one, of as many bytes."""
    pairs = [_paired(phase) for phase in phases]
    cv2.merge(pairs, _paired(into).reshape(*pairs[0].shape, len(pairs)))


def _paired(image: np.ndarray) -> np.ndarray:
    return image.view(np.uint16 if image.itemsize == 1 else np.int32)[..., 0]


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
