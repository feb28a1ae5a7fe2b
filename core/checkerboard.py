"""Checkerboard: the lattice that transposed convolutions and pixel shuffles leave in a picture."""

from __future__ import annotations

import cv2
import numpy as np

from .colour import grey_difference

_PERIODS = 8
"""How many periods, each way, a block spans. Fewer tell a lattice from texture less well, more miss a small one."""


def checkerboard(made: np.ndarray, truth: np.ndarray, period: int) -> float:
    """How strong a pattern of `period` pixels `made` has and `truth` has not: its root mean square in grey levels.

    Both are (H, W) or (H, W, 3) BGR, uint8 or float on the 0..255 scale, of one size. An upscaler's period is its
    scale (Odena, Dumoulin and Olah, "Deconvolution and checkerboard artifacts", Distill 2016). 0: none, or no room
    for one to repeat in. It is proportional to the error: a lattice of plus and minus `a` gives `a`, and a constant
    or a linear change of brightness gives 0.

    The means of the error by phase are those of a lattice and chance. A block's diagonal neighbour has the same
    lattice and other chance, so that their product has only the lattice's energy in the mean. Edges, which run on
    into the blocks beside and below, seldom do so along a diagonal.
    """
    phases = _phases(_without_slopes(grey_difference(made, truth), period), period)
    falling, rising = phases[:-1, :-1] * phases[1:, 1:], phases[1:, :-1] * phases[:-1, 1:]
    energy = float(falling.mean() + rising.mean()) / 2 if falling.size else 0.0
    return max(0.0, energy) ** 0.5


def _without_slopes(error: np.ndarray, period: int) -> np.ndarray:
    """Take away local means, in which no such lattice is left, and the margin where they know one side only."""
    fine = error - cv2.blur(error, (period, period))
    return fine[period:-period, period:-period]


def _phases(fine: np.ndarray, period: int) -> np.ndarray:
    """(H, W) -> (rows of blocks, columns, phases): how far the mean of each phase is from that of its block."""
    rows, columns = (side // period for side in fine.shape)
    span = max(1, min(_PERIODS, rows // 2, columns // 2))
    rows, columns = rows // span, columns // span
    whole = fine[: rows * span * period, : columns * span * period]
    blocks = whole.reshape(rows, span, period, columns, span, period).mean((1, 4)).swapaxes(1, 2)
    means = blocks.reshape(rows, columns, period**2)
    return means - means.mean(2, keepdims=True)
