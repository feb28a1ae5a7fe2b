"""What is measured of a picture to tell dark from bright, flat from textured, and twins apart."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..core.colour import luma

_SKETCH = 8


@dataclass(frozen=True)
class Statistics:
    """Four figures of one picture, each in grey levels and rounded to two decimals."""

    brightness: float
    """Mean BT.601 luma: 16 is black, 235 is white."""
    contrast: float
    """Standard deviation of the luma."""
    texture: float
    """Mean length of the luma's gradient, for one pixel."""
    colour: float
    """Colourfulness (Hasler and Süsstrunk 2003): 0 is grey, above 60 is vivid."""


def measure(bgr: np.ndarray) -> Statistics:
    """uint8 (H, W, 3) BGR of any size from 1x1 up -> its statistics."""
    y = luma(bgr) * 255
    # Central differences; the repeated edge makes them 0, not undefined, across a side of 1 px.
    dx = cv2.Sobel(y, cv2.CV_32F, 1, 0, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
    dy = cv2.Sobel(y, cv2.CV_32F, 0, 1, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
    figures = (y.mean(), y.std(), np.hypot(dx, dy).mean(), _colourfulness(bgr))
    return Statistics(*(round(float(figure), 2) for figure in figures))


def _colourfulness(bgr: np.ndarray) -> float:
    blue, green, red = np.moveaxis(bgr.astype(np.float32), -1, 0)
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    return float(spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean()))


def sketch(bgr: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) BGR -> the same scene in 8x8 pixels, float32 (192,) in grey levels."""
    return cv2.resize(bgr, (_SKETCH, _SKETCH), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
