"""Cutting a picture into windows whose results join without a seam."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Span:
    """One step along one side, in input pixels."""

    read: slice
    """What the network must see, within the picture."""
    keep: slice
    """The part whose result is right, within what was read."""
    place: slice
    """Where that part lies in the picture."""


def spans(size: int, tile: int, halo: int, align: int = 1) -> Iterator[Span]:
    """Even steps of at most `tile` along a side of `size`, each read with at least `halo` pixels round it.

    A window that would leave the picture is moved inwards instead: the network's own padding then
    meets the picture's border where it does in the whole picture, no pixel is invented, and all
    windows have one size, which engines like. `size` must be a multiple of `align`; every window
    starts and ends on one.
    """
    tile, halo = round_up(max(tile, 1), align), round_up(halo, align)
    # The last step would else be a short one, whose window reads much of the one before again.
    tile = round_up(-(-size // -(-size // tile)), align)
    window = min(size, tile + 2 * halo)
    for start in range(0, size, tile):
        stop = min(start + tile, size)
        first = min(max(start - halo, 0), size - window)
        yield Span(slice(first, first + window), slice(start - first, stop - first), slice(start, stop))


def repeat_edges(tensor: np.ndarray, height: int, width: int) -> np.ndarray:
    """Fill (..., H', W') beyond the picture of height x width in its corner, by repeating the picture's edges."""
    tensor[..., :height, width:] = tensor[..., :height, width - 1 : width]
    tensor[..., height:, :] = tensor[..., height - 1 : height, :]
    return tensor


def round_up(value: int, multiple: int) -> int:
    """The least multiple of `multiple` that is not below `value`."""
    return -(-value // multiple) * multiple


def scaled(part: slice, scale: int) -> slice:
    """The same part of the enlarged picture."""
    return slice(part.start * scale, part.stop * scale)
