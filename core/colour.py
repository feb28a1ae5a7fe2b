"""BT.601 luma and chroma as MATLAB and the super-resolution papers count them.

Pictures are uint8 HWC in OpenCV's BGR order; luma is limited range (16..235), divided by 255.
"""

from __future__ import annotations

import cv2
import numpy as np

# ITU-R BT.601, limited range, for R, G, B in [0, 1]; rows give Y, Cb, Cr on the 0..255 scale.
RGB_TO_YCBCR = np.array(
    [[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]], dtype=np.float64
)
YCBCR_OFFSET = np.array([16.0, 128.0, 128.0])
YCBCR_TO_RGB = np.linalg.inv(RGB_TO_YCBCR)

_BGR_TO_YCBCR = (RGB_TO_YCBCR[:, ::-1] / 255 / 255).astype(np.float32)
_YCBCR_TO_BGR = (YCBCR_TO_RGB[::-1] * 255 * 255).astype(np.float32)
_OFFSET = (YCBCR_OFFSET / 255).astype(np.float32)

_STRIP = 64
"""Rows of a picture whose float planes fit in a core's cache."""


def luma(bgr: np.ndarray) -> np.ndarray:
    """uint8 (..., 3) BGR -> float32 (...) luma over 255, in [16/255, 235/255], not rounded."""
    return bgr @ _BGR_TO_YCBCR[0] + _OFFSET[0]


def bgr_to_ycbcr(bgr: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) BGR -> float32 (H, W, 3) YCbCr over 255, not rounded."""
    return cv2.transform(bgr.astype(np.float32), np.column_stack([_BGR_TO_YCBCR, _OFFSET]))


def ycbcr_to_bgr(ycbcr: np.ndarray) -> np.ndarray:
    """float32 (H, W, 3) YCbCr over 255 -> uint8 BGR, rounded and clipped."""
    bgr = cv2.transform(ycbcr, np.column_stack([_YCBCR_TO_BGR, -_YCBCR_TO_BGR @ _OFFSET]))
    # OpenCV rounds and saturates as it stores 8 bits, in a sixth of the time that numpy takes.
    return cv2.addWeighted(bgr, 1, bgr, 0, 0, dtype=cv2.CV_8U)


def to_network(bgr: np.ndarray, channels: int) -> np.ndarray:
    """uint8 (..., H, W, 3) BGR -> float32 (..., channels, H, W) in [0, 1] as networks take it."""
    if channels == 1:
        return luma(bgr)[..., None, :, :]
    return np.ascontiguousarray(np.moveaxis(bgr[..., ::-1], -1, -3), dtype=np.float32) / 255


def from_network(rgb: np.ndarray) -> np.ndarray:
    """float (3, H, W) RGB in [0, 1] -> uint8 (H, W, 3) BGR, rounded and clipped."""
    return np.clip(np.rint(np.moveaxis(rgb[::-1], 0, -1) * 255), 0, 255).astype(np.uint8)


def recolour(upscaled: np.ndarray, lr: np.ndarray) -> np.ndarray:
    """Luma float32 (H, W) over 255 and the small uint8 BGR picture it came from -> uint8 (H, W, 3) BGR.

    Chroma is enlarged by cubic interpolation: the eye and PSNR-Y ask no more of it.
    """
    height, width = upscaled.shape
    ycbcr = cv2.resize(bgr_to_ycbcr(lr), (width, height), interpolation=cv2.INTER_CUBIC)
    bgr = np.empty((height, width, 3), np.uint8)
    # A strip stays in the cache from step to step.
    for top in range(0, height, _STRIP):
        rows = slice(top, top + _STRIP)
        cv2.insertChannel(np.ascontiguousarray(upscaled[rows], np.float32), ycbcr[rows], 0)
        bgr[rows] = ycbcr_to_bgr(ycbcr[rows])
    return bgr


def to_picture(made: np.ndarray, lr: np.ndarray) -> np.ndarray:
    """A network's output (channels, H, W) in [0, 1] and the small uint8 BGR picture it came from -> uint8 BGR."""
    return recolour(made[0], lr) if made.shape[0] == 1 else from_network(made)
