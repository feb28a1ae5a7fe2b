"""Arrays of any library -> a frame descriptor over their memory."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from ..core.errors import BadInput
from .descriptor import Descriptor, Matrix, Range, mapped


def describe(
    planes: Any,
    format: int,
    matrix: int = Matrix.UNSET,
    range: int = Range.UNSET,
    pts: int = 0,
    duration: int = 0,
    time_base: Fraction = Fraction(1, 1000),
) -> Descriptor:
    """A descriptor of a frame that lies in `planes`, with nothing copied.

    `planes` is a uint8 array (H, W) or (H, W, samples), or a list of one for each plane, from NumPy, a memoryview or
    whatever offers DLPack on the CPU; a part of a larger picture will do. Raises BadInput for an array whose rows are
    not whole, or lie upwards, and for planes that are not those of the format.
    """
    arrays = [_array(plane) for plane in (planes if isinstance(planes, list | tuple) else [planes])]
    if not arrays:
        raise BadInput("a frame has at least one plane")
    height, width = arrays[0].shape[:2]
    memory, strides = [_memory(array) for array in arrays], [_stride(array) for array in arrays]
    frame = Descriptor(memory, format, width, height, strides, matrix, range, pts, duration, time_base)
    for array, plane in zip(arrays, mapped(frame), strict=True):
        rows, columns, samples = plane.shape
        if array.shape not in {plane.shape, (rows, columns)[: 2 if samples == 1 else 0]}:
            raise BadInput(f"this plane of the format is {rows}x{columns} with {samples} samples, not {array.shape}")
    return frame


def _array(plane: Any) -> np.ndarray:
    try:
        if isinstance(plane, np.ndarray):
            array = plane
        else:
            array = np.from_dlpack(plane) if hasattr(plane, "__dlpack__") else np.asarray(memoryview(plane))
    except (TypeError, ValueError, BufferError, RuntimeError) as error:
        raise BadInput(f"a plane is an array in the memory of the CPU: {error}") from error
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or not array.size:
        raise BadInput(f"a plane is uint8 (H, W) or (H, W, samples), not {array.dtype} {array.shape}")
    if not array[0].flags.c_contiguous or (len(array) > 1 and array.strides[0] < array[0].size):
        raise BadInput("rows of a plane lie whole and downwards in memory; numpy.ascontiguousarray makes them so")
    return array


def _stride(array: np.ndarray) -> int:
    # NumPy leaves the stride of a single row undefined.
    return array.strides[0] if len(array) > 1 else array[0].size


def _memory(array: np.ndarray) -> np.ndarray:
    """The bytes from the first pixel to the last, whatever lies between the rows."""
    extent = (len(array) - 1) * _stride(array) + array[0].size
    return np.lib.stride_tricks.as_strided(array, (extent,), (1,), writeable=array.flags.writeable)
