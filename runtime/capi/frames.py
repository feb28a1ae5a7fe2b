"""Between the frames of the C header and `Descriptor`."""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import Any

from ...core.errors import BadInput
from ..descriptor import Descriptor, needed, plane_count

_LAST_OF_FIRST = "time_base_den"
"""The last field that a frame had in the first header."""


def described(ffi: Any, frame: Any) -> Descriptor:
    """A descriptor over the memory that a frame points to, with nothing copied.

    Facts are passed on as they are, for the call to judge; a unit of time that cannot be is None. Raises BadInput for
    NULL, a frame shorter than that of the first header, and what cannot be memory.
    """
    given = _whole(ffi, frame)
    count = plane_count(given.format)
    apart = count > 1 and any(given.planes[1:count])
    told = Descriptor(
        data=[None] * count if apart else None,
        format=given.format,
        width=given.width,
        height=given.height,
        strides=list(given.strides)[:count],
        matrix=given.matrix,
        range=given.range,
        pts=given.pts,
        duration=given.duration,
        time_base=_unit(given.time_base_num, given.time_base_den),  # type: ignore[arg-type]
    )
    try:
        sizes = needed(told)
    except BadInput:
        return told
    held = [_memory(ffi, given, plane, size) for plane, size in enumerate(sizes)]
    told.data = held if apart else held[0]
    return told


def write_time(frame: Any, told: Descriptor) -> None:
    """Write the time of a frame into the caller's."""
    frame.time_base_num, frame.time_base_den = told.time_base.numerator, told.time_base.denominator
    frame.pts, frame.duration = told.pts, told.duration


def _whole(ffi: Any, frame: Any) -> Any:
    """A copy of a frame, in which fields that its caller's header did not have yet are 0."""
    if not frame:
        raise BadInput("the frame is NULL")
    whole = ffi.new("pocketlens_frame *")
    least = ffi.offsetof("pocketlens_frame", _LAST_OF_FIRST) + ffi.sizeof("int64_t")
    if frame.struct_size < least:
        raise BadInput(f"struct_size is sizeof(pocketlens_frame), at least {least}, not {frame.struct_size}")
    ffi.memmove(whole, frame, min(frame.struct_size, ffi.sizeof("pocketlens_frame")))
    return whole


def _memory(ffi: Any, given: Any, plane: int, needed: int) -> Any:
    """The buffer that a plane lies in: of the size that is given, or of the one that is needed."""
    size = given.sizes[plane] or needed
    if not given.planes[plane]:
        raise BadInput(f"planes[{plane}] is NULL")
    if not 0 < size <= sys.maxsize:
        raise BadInput(f"memory from planes[{plane}] on cannot be {size} bytes")
    return ffi.buffer(given.planes[plane], size)


def _unit(numerator: int, denominator: int) -> Fraction | None:
    if numerator == denominator == 0:
        return Fraction(1, 1000)
    return Fraction(numerator, denominator) if denominator else None
