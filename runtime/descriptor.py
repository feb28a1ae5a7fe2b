"""A frame that lies in the caller's memory, and the view of it that cannot leave that memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from ..core.errors import BadInput, told


class PixelFormat(IntEnum):
    """How pixels lie in memory, 8 bits a sample."""

    BGR24 = 1
    RGB24 = 2
    BGRA = 3
    GRAY8 = 4
    NV12 = 5
    """Y, then Cb and Cr in turn at half the size, rounded up."""
    I420 = 6
    """Y, Cb and Cr, the latter two at half the size, rounded up."""


class Matrix(IntEnum):
    """Which Y'CbCr it is; formats of red, green and blue have none."""

    UNSET = 0
    BT601 = 601
    BT709 = 709
    BT2020 = 2020


class Range(IntEnum):
    """Which sample values are black and white: 16 and 235, or 0 and 255."""

    UNSET = 0
    LIMITED = 1
    FULL = 2


@dataclass(frozen=True)
class _Plane:
    """One plane of a format."""

    samples: int
    """Bytes of a pixel of the plane."""
    step: int
    """Pixels of the frame for one of the plane, along both sides."""


_PLANES = {
    PixelFormat.BGR24: (_Plane(3, 1),),
    PixelFormat.RGB24: (_Plane(3, 1),),
    PixelFormat.BGRA: (_Plane(4, 1),),
    PixelFormat.GRAY8: (_Plane(1, 1),),
    PixelFormat.NV12: (_Plane(1, 1), _Plane(2, 2)),
    PixelFormat.I420: (_Plane(1, 1), _Plane(1, 2), _Plane(1, 2)),
}


def plane_count(form: int) -> int:
    """How many planes a format has; an unknown one has none."""
    return len(_PLANES.get(form, ()))  # type: ignore[call-overload]


_KNOWN = {"format": dict.fromkeys(PixelFormat), "matrix": dict.fromkeys(Matrix), "range": dict.fromkeys(Range)}
"""What the facts that are one of a few may be."""
_LIMIT = 1 << 63
"""Numbers are those that C has."""


@dataclass(eq=False)
class Descriptor:
    """What the caller says of a frame in its own memory. Nothing is checked before it is used.

    `data` is a buffer of bytes (bytearray, memoryview, ctypes, cffi, NumPy), in which the planes lie one after the
    other, or a list of one for each plane. `strides` are the bytes from one row to the next, for each plane; None or
    a 0 means that rows follow each other. The frame is shown at `pts` for `duration`, both in `time_base` seconds;
    a duration of 0 is not known.
    """

    data: Any
    format: int
    width: int
    height: int
    strides: Sequence[int] | None = None
    matrix: int = Matrix.UNSET
    range: int = Range.UNSET
    pts: int = 0
    duration: int = 0
    time_base: Fraction = Fraction(1, 1000)


def mapped(frame: Descriptor, writable: bool = False) -> tuple[np.ndarray, ...]:
    """The planes of a frame as uint8 (rows, columns, samples) views of the caller's memory; nothing is copied.

    Raises BadInput, before any of that memory is touched, for facts that are not what `Descriptor` says, and
    for memory that does not hold the whole frame or, where it is to be `writable`, is not.
    """
    shapes, strides = _layout(frame)
    if isinstance(frame.data, list | tuple):
        if len(frame.data) != len(shapes):
            raise BadInput(f"{PixelFormat(frame.format).name} has {len(shapes)} planes, not {len(frame.data)}")
        held, offsets = list(frame.data), [0] * len(shapes)
    else:
        held, offsets = [frame.data] * len(shapes), [0]
        for (rows, _, _), stride in zip(shapes[:-1], strides, strict=False):
            offsets.append(offsets[-1] + rows * stride)
    return tuple(
        _plane(_bytes(buffer, writable), offset, shape, stride)
        for buffer, offset, shape, stride in zip(held, offsets, shapes, strides, strict=True)
    )


def needed(frame: Descriptor) -> list[int]:
    """Bytes of memory that a frame needs: of each plane where `data` is a list, of all of them where it is not.

    Raises BadInput for facts that are not what `Descriptor` says.
    """
    shapes, strides = _layout(frame)
    extents = [_extent(shape, stride) for shape, stride in zip(shapes, strides, strict=True)]
    if isinstance(frame.data, list | tuple):
        return extents
    return [sum(rows * stride for (rows, _, _), stride in zip(shapes[:-1], strides, strict=False)) + extents[-1]]


def _layout(frame: Descriptor) -> tuple[tuple[tuple[int, int, int], ...], Sequence[int]]:
    """Shapes of the planes and their strides."""
    _check(frame)
    strides = tuple(frame.strides) if isinstance(frame.strides, list) else frame.strides
    facts = (frame.format, frame.width, frame.height, frame.matrix, frame.range, strides)
    try:
        return _planes(*facts)
    except TypeError:  # of what cannot be hashed
        return _planes.__wrapped__(*facts)


@lru_cache(maxsize=64, typed=True)
def _planes(
    form: Any, width: Any, height: Any, matrix: Any, range_: Any, strides: Any
) -> tuple[tuple[tuple[int, int, int], ...], Sequence[int]]:
    """Shapes and strides of what is asked for with every frame, and so judged once. Raises BadInput."""
    for name, value in (("format", form), ("matrix", matrix), ("range", range_)):
        known = _KNOWN[name]
        if not _is_whole(value, 0) or value not in known:
            named = ", ".join(f"{one.name} ({one.value})" for one in known)
            raise BadInput(f"{name} {told(value)} is unknown; known: {named}")
    for name, value in (("width", width), ("height", height)):
        _require_whole(name, value, 1)
    shapes = tuple((-(-height // p.step), -(-width // p.step), p.samples) for p in _PLANES[PixelFormat(form)])
    return shapes, _strides(strides, tuple(columns * samples for _, columns, samples in shapes))


def _extent(shape: tuple[int, int, int], stride: int) -> int:
    rows, columns, samples = shape
    return (rows - 1) * stride + columns * samples


def _plane(memory: np.ndarray, offset: int, shape: tuple[int, int, int], stride: int) -> np.ndarray:
    end = offset + _extent(shape, stride)
    if end > memory.size:
        raise BadInput(f"the frame needs {end} bytes of memory, and {memory.size} are given")
    return np.ndarray(shape, np.uint8, memory, offset, (stride, shape[2], 1))


def _bytes(buffer: Any, writable: bool) -> np.ndarray:
    try:
        view = memoryview(buffer)
        if view.itemsize != 1:
            raise BadInput(f"memory of a frame is bytes, not items of {view.itemsize}")
        memory = np.frombuffer(view, np.uint8)
    except (TypeError, ValueError, BufferError) as error:
        raise BadInput(f"memory of a frame is a contiguous buffer of bytes: {error}") from error
    if writable and not memory.flags.writeable:
        raise BadInput("the memory for a frame can only be read; give one that can be written")
    return memory


def _strides(given: Any, rows: Sequence[int]) -> Sequence[int]:
    """Strides as they are given, or the bytes of a row of each plane."""
    if given is None:
        return rows
    if not isinstance(given, list | tuple) or len(given) != len(rows):
        raise BadInput(f"strides are one for each of the {len(rows)} planes, not {told(given)}")
    for stride, row in zip(given, rows, strict=True):
        if not _is_whole(stride, 0) or (stride and stride < row):
            raise BadInput(f"a stride is 0 or at least the {row} bytes of a row, not {told(stride)}")
    return [stride or row for stride, row in zip(given, rows, strict=True)]


def _check(frame: Any) -> None:
    """Judge what changes from frame to frame."""
    if not isinstance(frame, Descriptor):
        raise BadInput(f"a frame is given as a Descriptor, not as {type(frame).__name__}")
    _require_whole("duration", frame.duration, 0)
    _require_whole("pts", frame.pts, -_LIMIT)
    if not isinstance(frame.time_base, Fraction) or frame.time_base.numerator <= 0:
        raise BadInput(f"time_base is a Fraction of a second above 0, not {told(frame.time_base)}")


def _require_whole(name: str, value: Any, least: int) -> None:
    if not _is_whole(value, least):
        raise BadInput(f"{name} is a whole number from {least} up, not {told(value)}")


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < _LIMIT
