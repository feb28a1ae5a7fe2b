"""What `motion.fuse` does, by OpenCV: the part that a `split` or `motion` graph leaves to its caller."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import cv2
import numpy as np

from .facts import Sampling

KERNELS: Mapping[Sampling, int] = {"bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}
"""What OpenCV calls them."""


def warp(frame: np.ndarray, flow: np.ndarray, sampling: Sampling) -> np.ndarray:
    """Fetch (H, W, C) float32 from where `flow` (2, H, W) in pixels points; the edge is repeated."""
    x, y = _places(*flow.shape[1:])
    return cv2.remap(frame, x + flow[0], y + flow[1], KERNELS[sampling], borderMode=cv2.BORDER_REPLICATE)


def fuse(
    before: np.ndarray,
    after: np.ndarray,
    flow_before: np.ndarray,
    flow_after: np.ndarray,
    mask: np.ndarray,
    sampling: Sampling,
) -> np.ndarray:
    """Warp two frames (H, W, C) float32 and mix them; `mask` (1, H, W) is the share of the earlier one."""
    early, late = warp(before, flow_before, sampling), warp(after, flow_after, sampling)
    return late + mask[0, ..., None] * (early - late)


def parted(motion: np.ndarray, height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A motion map (5, h, w) -> at a frame's size both flows (2, H, W) and the share of the earlier frame (1, H, W)."""
    planes = np.stack([cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR) for plane in motion])
    return planes[:2], planes[2:4], 1 / (1 + np.exp(-planes[4:]))


@lru_cache(maxsize=4)
def _places(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The column and the row of every pixel, not to be changed."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y
