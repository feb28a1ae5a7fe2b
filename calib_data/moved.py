"""Still pictures set in motion: a pair of frames whose middle is known, for want of a film."""

from __future__ import annotations

import zlib

import cv2
import numpy as np

from ..core.triplet import Triplet

_SLOW, _FAST = 1.0, 40.0
"""Pixels that the picture slides from one frame to the next: drawn evenly from slow to fast, by the logarithm."""
_TURN, _ZOOM, _SWAY = 0.03, 0.03, 3.0
"""Radians, logarithm of a factor, and pixels of a smooth distortion; standard deviations."""
_KNOTS = 4
MOST = 96
"""Pixels of a side that motion may bring in from outside."""


def moved(name: str, bgr: np.ndarray) -> Triplet:
    """A picture, uint8 (H, W, 3) BGR, as the middle of a smooth motion that its pixels decide.

    What the motion brings in from outside is cut away, unless little would be left: then the picture is mirrored.
    """
    rng = np.random.default_rng(zlib.crc32(bgr.tobytes()))
    flow = _flow(bgr.shape[0], bgr.shape[1], rng)
    before, after = (_shifted(bgr, side * flow) for side in (0.5, -0.5))
    margin = int(np.ceil(np.abs(flow).max() / 2))
    keep = slice(margin, -margin) if 4 * margin < min(bgr.shape[:2]) else slice(None)
    return Triplet(name, before[keep, keep], bgr[keep, keep], after[keep, keep])


def _flow(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Pixels that each place moves from one frame to the next, float32 (2, H, W)."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x, y = x - width / 2, y - height / 2
    angle, zoom, way = rng.normal(0, _TURN), rng.normal(0, _ZOOM), rng.uniform(0, 2 * np.pi)
    speed = _SLOW * (_FAST / _SLOW) ** rng.uniform()
    knots = rng.normal(0, _SWAY, (2, _KNOTS, _KNOTS)).astype(np.float32)
    sway = (cv2.resize(plane, (width, height), interpolation=cv2.INTER_CUBIC) for plane in knots)
    steady = (zoom * x - angle * y + speed * np.cos(way), angle * x + zoom * y + speed * np.sin(way))
    return np.stack([plane + distortion for plane, distortion in zip(steady, sway, strict=True)]).astype(np.float32)


def _shifted(bgr: np.ndarray, flow: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[: bgr.shape[0], : bgr.shape[1]].astype(np.float32)
    # BORDER_REFLECT_101 never ends where a side is of one pixel.
    return cv2.remap(bgr, x + flow[0], y + flow[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
