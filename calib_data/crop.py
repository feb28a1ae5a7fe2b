"""The part of a picture that calibration looks at."""

from __future__ import annotations

import numpy as np

SIDE = 512


def centre(bgr: np.ndarray, side: int = SIDE) -> np.ndarray:
    """The middle of uint8 (H, W, 3) BGR, at most `side` pixels high and wide."""
    top, left = (max(0, length - side) // 2 for length in bgr.shape[:2])
    return bgr[top : top + side, left : left + side]
