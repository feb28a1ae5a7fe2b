"""Which frames of a clip teach interpolation: the middle one truly lies between two others of its scene."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..core.scene import is_cut, is_still

_LEAST_CHANGE = 1.0
"""Mean grey levels between the outer frames below which there is nothing to learn."""
_EVEN = 0.1
"""Share by which the two steps of time may differ."""
_LEAST_SHARE = 0.3
"""Of the larger change in the smaller one: below it the middle frame repeats a neighbour, as after pulldown."""
_MOST_DETOUR = 1.3
"""Change to the nearer neighbour over that between them: above it the middle frame is a flash or from elsewhere."""


def sound_middles(
    frames: np.ndarray, seconds: np.ndarray, runs: np.ndarray, gaps: Sequence[int]
) -> list[tuple[int, int]]:
    """(index of the middle frame, gap) of each sound triplet of frames (F, H, W, 3), in order of time.

    A gap is the frames from the middle one to its neighbours: the wider, the larger the motion.
    `seconds` (F,) is when each is shown; `runs` (F,) changes where frames were lost.
    """
    joined = [runs[i] == runs[i + 1] and not is_cut(frames[i], frames[i + 1]) for i in range(len(frames) - 1)]
    scenes = np.concatenate([[0], np.cumsum(np.logical_not(joined))])
    return [
        (middle, gap)
        for middle in range(len(frames))
        for gap in gaps
        if gap <= middle < len(frames) - gap
        and scenes[middle - gap] == scenes[middle + gap]
        and _even(seconds[middle - gap], seconds[middle], seconds[middle + gap])
        and _moves_through(frames[middle - gap], frames[middle], frames[middle + gap])
    ]


def _even(before: float, middle: float, after: float) -> bool:
    return abs((middle - before) - (after - middle)) <= _EVEN * (after - before) / 2


def _moves_through(before: np.ndarray, middle: np.ndarray, after: np.ndarray) -> bool:
    """Whether the middle frame shows a state between the others, which differ."""
    across = _change(before, after)
    less, more = sorted((_change(before, middle), _change(middle, after)))
    if across < _LEAST_CHANGE or less < _LEAST_SHARE * more or less > _MOST_DETOUR * across:
        return False
    return not (is_still(before, middle) or is_still(middle, after))


def _change(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference in grey levels."""
    return cv2.norm(one, other, cv2.NORM_L1) / one.size
