"""BT.601 luma and chroma as MATLAB and the super-resolution papers count them.

Pictures are uint8 HWC in OpenCV's BGR order; luma is limited range (16..235), divided by 255.
"""

from __future__ import annotations

import cv2
import numpy as np

from .memory import Empty, copied

# ITU-R BT.601, limited range, for R, G, B in [0, 1]; rows give Y, Cb, Cr on the 0..255 scale.
RGB_TO_YCBCR = np.array(
    [[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]], dtype=np.float64
)
YCBCR_OFFSET = np.array([16.0, 128.0, 128.0])
YCBCR_TO_RGB = np.linalg.inv(RGB_TO_YCBCR)

_BGR_TO_LUMA = np.append(RGB_TO_YCBCR[0, ::-1] / 255, YCBCR_OFFSET[0])[None] / 255
"""(1, 4): grey levels of B, G, R and 1 -> luma over 255."""
_LUMA_GAIN = YCBCR_TO_RGB[0, 0] * 255**2
_BGR_TO_COLOUR = np.column_stack(
    [YCBCR_TO_RGB[::-1, 1:] @ RGB_TO_YCBCR[1:, ::-1], -_LUMA_GAIN * np.full(3, YCBCR_OFFSET[0] / 255)]
)
"""(3, 4): grey levels of B, G, R and 1 -> what of them is not luma times its gain."""

_DEPTHS = {np.dtype(np.uint8): cv2.CV_8U, np.dtype(np.uint16): cv2.CV_16U}
_STRIP = 64
"""Rows of a picture whose float planes fit in a core's cache."""


def store(values: np.ndarray, gain: float, into: np.ndarray) -> np.ndarray:
    """Write float32 `values` times `gain` into an array of uint8 or uint16, rounded and saturated."""
    # OpenCV's one call that does all of it in a single pass, in a sixth of the time that numpy takes.
    return cv2.addWeighted(values, gain, values, 0, 0, dst=into, dtype=_DEPTHS[into.dtype])


def luma(bgr: np.ndarray, empty: Empty = np.empty) -> np.ndarray:
    """uint8 (..., 3) BGR -> float32 (...) luma over 255, in [16/255, 235/255], not rounded."""
    rows = copied(bgr, np.float32, empty).reshape(-1, *bgr.shape[-2:])
    return cv2.transform(rows, _BGR_TO_LUMA, dst=empty(rows.shape[:2], np.float32)).reshape(bgr.shape[:-1])


def grey(picture: np.ndarray) -> np.ndarray:
    """(H, W), or (H, W, 3) BGR, uint8 or float -> (H, W) uint8 or float32 of full-range luma: grey stays what it is."""
    plane = picture if picture.dtype == np.uint8 else picture.astype(np.float32, copy=False)
    return plane if plane.ndim == 2 else cv2.cvtColor(plane, cv2.COLOR_BGR2GRAY)


def grey_difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How much brighter `one` is than `other`, both as `grey` takes them -> float32 (H, W), not rounded."""
    if one.dtype != other.dtype:
        one, other = (picture.astype(np.float32, copy=False) for picture in (one, other))
    return grey(cv2.subtract(one, other, dtype=cv2.CV_32F))


def to_network(bgr: np.ndarray, channels: int, empty: Empty = np.empty) -> np.ndarray:
    """uint8 (..., H, W, 3) BGR -> float32 (..., channels, H, W) in [0, 1] as networks take it."""
    if channels == 1:
        return luma(bgr, empty)[..., None, :, :]
    rgb = copied(np.moveaxis(bgr[..., ::-1], -1, -3), np.float32, empty)
    return np.divide(rgb, 255, out=rgb)


def from_network(rgb: np.ndarray, empty: Empty = np.empty) -> np.ndarray:
    """float32 (3, H, W) RGB in [0, 1] -> uint8 (H, W, 3) BGR, rounded and clipped."""
    shape = (*rgb.shape[1:], 3)
    return store(cv2.merge([*rgb[::-1]], empty(shape, np.float32)), 255, empty(shape, np.uint8))


def recolour(upscaled: np.ndarray, lr: np.ndarray, empty: Empty = np.empty) -> np.ndarray:
    """Luma float32 (H, W) over 255 and the small uint8 BGR picture it came from -> uint8 (H, W, 3) BGR.

    Chroma is enlarged by cubic interpolation: the eye and PSNR-Y ask no more of it. All being linear, it is enlarged
    as what it adds to blue, green and red.
    """
    colour = copied(lr, np.float32, empty)
    cv2.transform(colour, _BGR_TO_COLOUR, dst=colour)
    larger = empty((*upscaled.shape, 3), np.float32)
    cv2.resize(colour, upscaled.shape[::-1], dst=larger, interpolation=cv2.INTER_CUBIC)
    bgr = empty(larger.shape, np.uint8)
    # A strip stays in the cache from step to step.
    for top in range(0, len(upscaled), _STRIP):
        rows = slice(top, top + _STRIP)
        grey = cv2.cvtColor(upscaled[rows], cv2.COLOR_GRAY2BGR, dst=empty(larger[rows].shape, np.float32))
        cv2.addWeighted(grey, _LUMA_GAIN, larger[rows], 1, 0, dst=bgr[rows], dtype=cv2.CV_8U)
    return bgr


def to_picture(made: np.ndarray, lr: np.ndarray, empty: Empty = np.empty) -> np.ndarray:
    """A network's output (channels, H, W) in [0, 1] and the small uint8 BGR picture it came from -> uint8 BGR."""
    return recolour(made[0], lr, empty) if made.shape[0] == 1 else from_network(made, empty)
