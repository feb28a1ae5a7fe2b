"""Banding: false contours where the truth is smooth."""

from __future__ import annotations

import cv2
import numpy as np

from .colour import grey, grey_difference

_SIDE = 6
"""Side in pixels of the squares whose means are compared; even, for the signs to cancel. Nearer steps are no bands."""
_SMOOTH = 3
"""Grey levels of detail, or of noise, that hide bands."""
_MARGIN = 8
"""Pixels from any detail at which a network's error is no longer that of an edge: halos are not bands."""
_LEAST = 0.01
"""The share of a picture that is counted as smooth at least, so that a few pixels do not decide."""


def banding(made: np.ndarray, truth: np.ndarray) -> float:
    """How high the false contours are that `made` has where `truth` is smooth: root mean square in grey levels.

    Both are (H, W) or (H, W, 3) BGR, uint8 or float on the 0..255 scale, of one size. 0: none, or nothing smooth.
    It is proportional to the error, and grows with the height of the steps and with how many there are; a constant
    change of brightness gives 0, noise and dither next to nothing. Bands are looked for as Tandon et al. do it
    ("CAMBI: contrast-aware multiscale banding index", 2021), in flat surroundings only, though in the error, for the
    truth is known. Patches of other brightness count as well: to the eye they are bands.

    At a contour the error's mean jumps from one square to the next. Noise makes it jump, too, and as much when the
    signs of the pixels alternate, as on a chessboard, which leaves nothing of a contour: that much is taken off.
    """
    error = grey_difference(made, truth)
    alternate = error.copy()
    alternate[::2, ::2] *= -1
    alternate[1::2, 1::2] *= -1
    energy = _jumps(error) - _jumps(alternate)
    smooth = _smooth(truth)
    counted = max(np.count_nonzero(smooth), _LEAST * smooth.size)
    return max(0.0, float(energy[smooth].sum() / counted)) ** 0.5 if counted else 0.0


def _jumps(error: np.ndarray) -> np.ndarray:
    """The squares of the differences of a square's mean from those of the squares to its right and below it."""
    means = cv2.blur(error, (_SIDE, _SIDE))
    here, right, below = means[:-_SIDE, :-_SIDE], means[:-_SIDE, _SIDE:], means[_SIDE:, :-_SIDE]
    return (right - here) ** 2 + (below - here) ** 2


def _smooth(truth: np.ndarray) -> np.ndarray:
    """Whether there is no detail in or near a square and those to its right, below and across."""
    plane, window = grey(truth), 2 * (_SIDE + _MARGIN)
    detail = cv2.absdiff(plane, cv2.blur(plane, (_SIDE, _SIDE)))
    near = cv2.dilate(detail, np.ones((window, window), np.uint8))
    middle = _SIDE // 2
    return near[middle : near.shape[0] - middle, middle : near.shape[1] - middle] < _SMOOTH
