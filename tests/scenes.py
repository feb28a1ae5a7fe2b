"""Frames to film: scenes that differ from each other, and motion in them."""

from __future__ import annotations

import cv2
import numpy as np


def scene(seed: int, height: int = 180, width: int = 320) -> np.ndarray:
    """Blobs of all sizes in colours of its own, as uint8 BGR."""
    rng = np.random.default_rng(seed)
    layers = [cv2.resize(rng.normal(0, 1, (n, n)), (width, height), interpolation=cv2.INTER_CUBIC) for n in (4, 9, 30)]
    grey = 120 + 40 * layers[0] + 25 * layers[1] + 12 * layers[2]
    return np.clip(grey[..., None] * rng.uniform(0.7, 1.3, 3), 0, 255).astype(np.uint8)


def moved(frame: np.ndarray, x: float, y: float = 0) -> np.ndarray:
    """The same scene, its contents moved by (x, y) pixels; what comes in mirrors the edge."""
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float64)
    return cv2.warpAffine(frame, matrix, frame.shape[1::-1], borderMode=cv2.BORDER_REFLECT)
