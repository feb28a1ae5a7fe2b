"""Between the frames of the C header and `Descriptor`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from ...core.errors import BadInput
from ..descriptor import Descriptor, needed, plane_count

_GREATEST = (1 << 63) - 1
_MILLISECOND = Fraction(1, 1000)


def described(ffi: Any, frame: Any) -> Descriptor:
    """A descriptor over the memory that a frame points to, with nothing copied.

    Facts are passed on as they are, for the call to judge; a unit of time that cannot be is None. Raises BadInput for
    NULL, a frame shorter than that of the header, and what cannot be memory.
    """
    _check(ffi, frame)
    count = plane_count(frame.format)
    apart = count > 1 and any(frame.planes[1:count])
    strides = tuple(frame.strides[0:count])
    told = Descriptor(
        data=None,
        format=frame.format,
        width=frame.width,
        height=frame.height,
        strides=strides if any(strides) else None,
        matrix=frame.matrix,
        range=frame.range,
        pts=frame.pts,
        duration=frame.duration,
        time_base=_unit(frame.time_base_num, frame.time_base_den),  # type: ignore[arg-type]
    )
    try:
        sizes = _sizes(told.format, told.width, told.height, told.strides, apart)
    except BadInput:
        return told
    held = [_memory(ffi, frame, plane, size) for plane, size in enumerate(sizes)]
    told.data = held if apart else held[0]
    return told


@lru_cache(maxsize=64)
def _sizes(form: int, width: int, height: int, strides: Sequence[int] | None, apart: bool) -> list[int]:
    """Bytes of each plane or, unless they lie `apart`, of all of them; asked for with every frame, so kept."""
    return needed(Descriptor([] if apart else None, form, width, height, strides))


def write_time(frame: Any, told: Descriptor) -> None:
    """Write the time of a frame into the caller's. Raises BadInput, before any of it, where it takes over 64 bits."""
    unit = told.time_base
    if max(abs(told.pts), told.duration, unit.numerator, unit.denominator) > _GREATEST:
        raise BadInput(f"the frame's time, {told.pts} times {unit} s, does not fit into 64 bits")
    frame.pts, frame.duration = told.pts, told.duration
    frame.time_base_num, frame.time_base_den = unit.numerator, unit.denominator


def _check(ffi: Any, frame: Any) -> None:
    if not frame:
        raise BadInput("the frame is NULL")
    # There is one header so far. Once a frame gets further fields, those of a shorter one are to be taken as 0.
    least = ffi.sizeof("pocketlens_frame")
    if frame.struct_size < least:
        raise BadInput(f"struct_size is sizeof(pocketlens_frame), at least {least}, not {frame.struct_size}")


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
        return _MILLISECOND
    return Fraction(numerator, denominator) if denominator else None
