"""A frame as interpolation sees it: what is made of it is made once, for both of its pairs."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property

import cv2
import numpy as np

from ..core.errors import BadInput
from ..core.memory import Empty, copied
from .frame import BGR, LAYOUTS, Colour, Frame

_KR_KB = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 7: (0.212, 0.087), 9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
"""Shares of red and blue in luma, by H.273's number of the matrix; all others are taken for BT.601."""
_BT601 = (0.299, 0.114)
_FULL_RANGE = 2


class View:
    """A frame with a picture, and its forms."""

    def __init__(self, frame: Frame, tensor: Callable[[np.ndarray], np.ndarray], empty: Empty = np.empty) -> None:
        self.frame, self._tensor, self._empty = frame, tensor, empty

    @cached_property
    def bgr(self) -> np.ndarray:
        """uint8 (H, W, 3) BGR."""
        return self.frame.planes[0] if self.frame.format == BGR else planar_to_bgr(self.frame, self._empty)

    @cached_property
    def tensor(self) -> np.ndarray:
        """What the network takes of it."""
        return self._tensor(self.bgr)

    @cached_property
    def samples(self) -> tuple[np.ndarray, ...]:
        """Its planes in float32, as they are warped."""
        return tuple(copied(plane, np.float32, self._empty) for plane in self.frame.planes)


def as_frame(bgr: np.ndarray, pts: int = 0, time_base: Fraction = Fraction(1)) -> Frame:
    """A picture as a frame. Raises BadInput where it is not uint8 (H, W, 3)."""
    if bgr.dtype != np.uint8 or bgr.ndim != 3 or bgr.shape[2] != 3 or not bgr.size:
        raise BadInput(f"a picture is uint8 (H, W, 3) BGR, not {bgr.dtype} {bgr.shape}")
    return Frame((bgr,), BGR, pts, time_base=time_base)


def planar_to_bgr(frame: Frame, empty: Empty = np.empty) -> np.ndarray:
    """A planar frame as uint8 BGR, by its own matrix and range; good to look at, but chroma is only stretched."""
    y, *chroma = (_in_8_bits(plane, LAYOUTS[frame.format].bits, empty) for plane in frame.planes)
    planes = [y, *(cv2.resize(plane, y.shape[::-1], dst=empty(y.shape, np.uint8)) for plane in chroma)]
    ycbcr, bgr = (empty((*y.shape, 3), np.uint8) for _ in range(2))
    return cv2.transform(cv2.merge(planes, ycbcr), ycbcr_to_bgr(frame.colour), dst=bgr)


def _in_8_bits(plane: np.ndarray, bits: int, empty: Empty) -> np.ndarray:
    if bits == 8 and plane.flags.c_contiguous:
        return plane
    return np.right_shift(plane, bits - 8, out=empty(plane.shape, np.uint8), casting="unsafe")


def ycbcr_to_bgr(colour: Colour) -> np.ndarray:
    """(3, 4): grey levels of Y, Cb, Cr and 1 -> those of B, G, R."""
    kr, kb = _KR_KB.get(colour.matrix, _BT601)
    kg = 1 - kr - kb
    from_chroma = np.array([[2 * (1 - kb), 0], [-2 * (1 - kb) * kb / kg, -2 * (1 - kr) * kr / kg], [0, 2 * (1 - kr)]])
    full = colour.range == _FULL_RANGE
    luma_gain, chroma_gain, black = (1, 1, 0) if full else (255 / 219, 255 / 224, 16)
    linear = np.column_stack([np.full(3, luma_gain), chroma_gain * from_chroma])
    return np.column_stack([linear, -linear @ (black, 128, 128)])
