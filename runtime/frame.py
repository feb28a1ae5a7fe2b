"""The frame that flows through a video."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

BGR = "bgr24"


@dataclass(frozen=True)
class Layout:
    """How the three planes of a Y'CbCr frame lie."""

    bits: int
    across: int
    """Luma samples for a chroma sample along a row; a chroma sample lies on the first of them."""
    down: int
    """The same along a column; a chroma sample lies midway between them (MPEG's default siting)."""

    @property
    def name(self) -> str:
        """FFmpeg's name of it."""
        chroma = {(1, 1): "444", (2, 1): "422", (2, 2): "420"}[self.across, self.down]
        return f"yuv{chroma}p" + ("" if self.bits == 8 else f"{self.bits}le")

    @property
    def one(self) -> int:
        """The sample value that networks know as 1: 255 in 8 bits."""
        return 255 << (self.bits - 8)

    def chroma_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the chroma planes of a frame."""
        return -(-height // self.down), -(-width // self.across)


LAYOUTS = {
    layout.name: layout for bits in (8, 10) for layout in (Layout(bits, 1, 1), Layout(bits, 2, 1), Layout(bits, 2, 2))
}


@dataclass(frozen=True)
class Colour:
    """Colour tags in the numbers of ITU-T H.273, with FFmpeg's 2 or 0 for "not said"."""

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    range: int = 0
    """1 limited, 2 full."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture and its place in time.

    `planes` is Y, Cb, Cr where `format` is in LAYOUTS (uint8, or uint16 for 10 bits), or one
    (H, W, 3) uint8 array for BGR, or nothing of a frame that is lost. It is shown at `pts` for
    `duration`, both in `time_base` seconds.
    """

    planes: tuple[np.ndarray, ...]
    format: str
    pts: int = 0
    duration: int = 0
    time_base: Fraction = Fraction(1, 1000)
    colour: Colour = Colour()
    damaged: bool = False
    """Whether the picture is not what was filmed, because the file is damaged."""
    alpha: np.ndarray | None = None
    """uint8 (H, W), how opaque a BGR frame was as it came; networks pass it by, and it keeps that size."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.planes[0].shape[:2]
        return height, width
