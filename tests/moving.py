"""Textured pictures that move by a known step."""

from __future__ import annotations

import cv2
import numpy as np


def texture(height: int, width: int, seed: int = 0, softness: float = 1.5) -> np.ndarray:
    """Smooth coloured noise, uint8 (H, W, 3)."""
    noise = np.random.default_rng(seed).normal(size=(height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), softness)
    return np.rint((smooth - smooth.min()) * 255 / np.ptp(smooth)).astype(np.uint8)


def slid(height: int, width: int, right: int, down: int = 0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two frames of a texture that moves `right` and `down` by whole pixels, not negative."""
    large = texture(height + down, width + right, seed)
    return large[down:, right:].copy(), large[:height, :width].copy()


def to_feeds(before: np.ndarray, after: np.ndarray, t: float = 0.5) -> dict[str, np.ndarray]:
    """Two uint8 BGR frames as the `float` face takes them."""
    frames = (np.moveaxis(bgr[..., ::-1], -1, 0)[None].astype(np.float32) / 255 for bgr in (before, after))
    return dict(zip(("before", "after", "t"), (*frames, np.array([t], np.float32)), strict=True))
