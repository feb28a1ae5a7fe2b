"""Whether the scene changes from one video frame to the next, and whether anything changes at all."""

from __future__ import annotations

import cv2
import numpy as np

from .memory import Empty, copied

# Fitted to 8,800 pairs from one shot (one to four frames apart, pans and fades among them), of which 9 are
# taken for cuts, and 2,800 pairs from two shots, of which 12 are not.
_SKETCH = 48
"""Length in pixels of the longer side of the pictures in which cuts are looked for."""
_BLOCK = 8
_SEARCH = 12
"""How far a block is looked for, along each side: a quarter of the picture."""
_TEXTURE = 60.0
"""Variance in grey levels that a block must have before it says much whether it is found."""
_GAIN = 2.0
"""How much a fade or a flash may change the contrast from one frame to the next."""
_FOR_SURE = 6.0
"""Grey levels of difference below which a cut, if it were one, could not be seen."""
_CUT = 0.81

_CELL = 16
"""Side in pixels of the parts of a frame that are compared where little has changed."""
_NOISE = 12.0
"""Grey levels that compression may change a cell by, in the mean; and all of the frame:"""
_DRIFT = 1.0
_MOVED, _MOVED_MOST = 0.1, 0.4
"""Pixels by which noise alone seems to move the tenth of the cells that move most, and the first of them."""


def is_cut(before: np.ndarray, after: np.ndarray, empty: Empty = np.empty) -> bool:
    """Whether two uint8 (H, W, 3) BGR frames of one size, one after the other, are of different scenes.

    Goes by how much of `after` is nowhere near its place in `before`, however bright, and by the colours of
    both. Fast motion is no cut; a dissolve is none either, for each of its frames resembles the next.
    """
    before, after = _sketch(before, empty), _sketch(after, empty)
    difference = _mean(cv2.absdiff(before, after))
    if difference < _FOR_SURE:
        return False
    colours = 1 - float(np.minimum(_colours(before), _colours(after)).sum())
    old, new = (cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.float32) for frame in (before, after))
    return _unmatched(old, _as_bright(new, old)) + difference / 250 + 0.39 * colours > _CUT


def is_still(before: np.ndarray, after: np.ndarray, empty: Empty = np.empty) -> bool:
    """Whether two uint8 (H, W, 3) BGR frames of one size show the same but for the noise of compression.

    Tells a duplicated frame from slow motion: noise changes a picture too, but moves nothing.
    """
    height, width = (max(1, side // _CELL) for side in before.shape[:2])
    change = cv2.absdiff(before, after, dst=empty(before.shape, np.uint8))
    if _shrunk(change, height, width, empty).reshape(-1, 3).mean(1).max() > _NOISE:
        return False
    if not change.any():
        return True
    if abs(_mean(after) - _mean(before)) > _DRIFT:
        return False
    moved = _displacements(before, after, empty)
    return bool(np.quantile(moved, 0.9) < _MOVED and moved.max() < _MOVED_MOST)


def _mean(bgr: np.ndarray) -> float:
    # NumPy would turn all of it into float64 first.
    return sum(cv2.mean(bgr)[:3]) / 3


def _sketch(bgr: np.ndarray, empty: Empty) -> np.ndarray:
    shrink = _SKETCH / max(bgr.shape[:2])
    height, width = (max(_BLOCK, round(side * shrink)) for side in bgr.shape[:2])
    return _shrunk(bgr, height, width, empty)


def _shrunk(plane: np.ndarray, height: int, width: int, empty: Empty) -> np.ndarray:
    """Means over areas; halving exactly, as long as that goes, costs OpenCV an eighth of any other factor."""
    while plane.shape[0] >= 2 * height and plane.shape[1] >= 2 * width:
        rows, columns = plane.shape[0] // 2, plane.shape[1] // 2
        half = empty((rows, columns, *plane.shape[2:]), plane.dtype)
        plane = cv2.resize(plane[: 2 * rows, : 2 * columns], (columns, rows), dst=half, interpolation=cv2.INTER_AREA)
    return cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)


def _colours(sketch: np.ndarray) -> np.ndarray:
    """Share of the pixels by their chroma, neighbouring colours blurred into each other."""
    chroma = cv2.cvtColor(sketch, cv2.COLOR_BGR2YCrCb)
    counts = cv2.GaussianBlur(cv2.calcHist([chroma], [1, 2], None, [32, 32], [0, 256, 0, 256]), (3, 3), 0)
    return counts / counts.sum()


def _as_bright(frame: np.ndarray, other: np.ndarray) -> np.ndarray:
    """`frame` with the brightness of `other`, and within `_GAIN` its contrast."""
    gain = float(np.clip((other.std() + 1) / (frame.std() + 1), 1 / _GAIN, _GAIN))
    return (frame - frame.mean()) * np.float32(gain) + other.mean()


def _unmatched(before: np.ndarray, after: np.ndarray) -> float:
    """What share of `after`, by blocks, no place within `_SEARCH` pixels of `before` explains: 0 to 1."""
    shares = []
    for top in range(0, after.shape[0] - _BLOCK + 1, _BLOCK):
        for left in range(0, after.shape[1] - _BLOCK + 1, _BLOCK):
            block = after[top : top + _BLOCK, left : left + _BLOCK]
            rows = slice(max(0, top - _SEARCH), top + _BLOCK + _SEARCH)
            columns = slice(max(0, left - _SEARCH), left + _BLOCK + _SEARCH)
            error = cv2.matchTemplate(before[rows, columns], block, cv2.TM_SQDIFF).min() / _BLOCK**2
            shares.append(min(1.0, max(0.0, float(error)) / (float(block.var()) + _TEXTURE)))
    return float(np.mean(shares))


def _displacements(before: np.ndarray, after: np.ndarray, empty: Empty) -> np.ndarray:
    """Pixels that each 32x32 cell seems to have moved, by one step of Lucas and Kanade (1981)."""
    size = before.shape[:2]
    height, width = (max(1, side // (2 * _CELL)) for side in size)

    def grey(frame: np.ndarray) -> np.ndarray:
        levels = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY, dst=empty(size, np.uint8))
        return cv2.blur(copied(levels, np.float32, empty), (3, 3), dst=empty(size, np.float32))

    def mean(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return _shrunk(np.multiply(one, other, out=empty(size, np.float32)), height, width, empty)

    old, new = grey(before), grey(after)
    middle = cv2.addWeighted(old, 0.5, new, 0.5, 0, dst=empty(size, np.float32))
    change = np.subtract(new, old, out=empty(size, np.float32))
    dx = cv2.Sobel(middle, cv2.CV_32F, 1, 0, dst=empty(size, np.float32), ksize=1, scale=0.5)
    dy = cv2.Sobel(middle, cv2.CV_32F, 0, 1, dst=empty(size, np.float32), ksize=1, scale=0.5)
    xx, yy, xy = mean(dx, dx) + 1, mean(dy, dy) + 1, mean(dx, dy)
    x, y = mean(dx, change), mean(dy, change)
    return np.hypot(yy * x - xy * y, xx * y - xy * x) / (xx * yy - xy * xy)
