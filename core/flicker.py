"""Flicker: change from frame to frame that the truth does not have."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from .colour import grey, grey_difference
from .errors import BadInput

_CELL = 16
"""Side in pixels of the parts of a frame whose error either stays in its place or moves along."""
_FOUND = 8
"""Grey levels by which what has moved may look different: of the rest nobody can say how it moved."""
_LEAST_SIDE = 32
"""Pixels a side must have for motion to be looked for, at half the size."""


class _Frame(NamedTuple):
    error: np.ndarray
    truth: np.ndarray


def flicker(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """How much the error of (made, truth) changes from one frame of a clip to the next, in grey levels.

    All are (H, W) or (H, W, 3) BGR, uint8 or float on the 0..255 scale, of one size; two frames are held at a time.
    0: the error is none, constant, or stays in its place; little is left of one that moves with the scene, least by
    whole pixels. It is proportional to the error: white noise of deviation `a` gives about `a`, and so it does in
    moving scenes; brightness that alternates by plus and minus `a` gives `a` times the root of 2. Raises BadInput
    for fewer than two frames.

    This is Allan's deviation (1966), the root of half the mean square of successive differences, with the motion
    between two frames taken out as Lai et al. do it ("Learning blind video temporal consistency", 2018): found in
    the truth, by Kroeger's dense inverse search (2016), and counted only where the truth is found again.
    """
    changes = [_change(*both) for both in pairwise(_Frame(grey_difference(*one), _eight_bit(one[1])) for one in pairs)]
    if not changes:
        raise BadInput("flicker is what changes from frame to frame; give two frames or more")
    square, counted = np.sum(changes, axis=0)
    return float(square / counted / 2) ** 0.5 if counted else 0.0


def _eight_bit(truth: np.ndarray) -> np.ndarray:
    return cv2.convertScaleAbs(grey(truth))


def _change(before: _Frame, after: _Frame) -> tuple[float, float]:
    """The square of what changed in a pixel, mean over all, and the share of the pixels in which it was counted."""
    origins = _origins(before.truth, after.truth)
    moved = _Frame(*(_fetched(plane, *origins) for plane in before))
    found = (cv2.absdiff(after.truth, moved.truth) < _FOUND).astype(np.float32)
    in_place, along = (_cells((after.error - old.error) ** 2 * found) for old in (before, moved))
    return float(np.minimum(in_place, along).mean()), float(found.mean())


def _origins(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x and y, each float32 (H, W), at which the pixels of `after` lie in `before`."""
    height, width = after.shape
    flow = np.zeros((height, width, 2), np.float32)
    if min(height, width) >= _LEAST_SIDE:
        small = (width // 2, height // 2)
        old, new = (cv2.resize(plane, small, interpolation=cv2.INTER_AREA) for plane in (before, after))
        search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        flow = cv2.resize(search.calc(new, old, np.zeros((*old.shape, 2), np.float32)), (width, height)) * 2
    x, y = cv2.split(flow)
    return x + np.arange(width, dtype=np.float32), y + np.arange(height, dtype=np.float32)[:, None]


def _fetched(plane: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    # The nearest pixel as it is: means of several would have less noise than there was.
    return cv2.remap(plane, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)


def _cells(plane: np.ndarray) -> np.ndarray:
    height, width = (max(1, side // _CELL) for side in plane.shape)
    return cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
