"""Between the caller's pixels and the frames that flow through a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from ..core.errors import BadInput
from ..core.memory import Empty
from .chroma import enlarge_chroma
from .descriptor import Descriptor, Matrix, PixelFormat, Range, mapped
from .frame import BGR, LAYOUTS, Colour, Frame, Layout
from .view import planar_to_bgr, ycbcr_to_bgr

_SUBSAMPLED, _WHOLE = Layout(8, 2, 2), Layout(8, 1, 1)
_H273 = {Matrix.UNSET: 2, Matrix.BT601: 6, Matrix.BT709: 1, Matrix.BT2020: 9}
_NEUTRAL = 128
_SHUFFLED = {
    PixelFormat.BGR24: (None, None),
    PixelFormat.RGB24: (cv2.COLOR_RGB2BGR, cv2.COLOR_BGR2RGB),
    PixelFormat.BGRA: (cv2.COLOR_BGRA2BGR, cv2.COLOR_BGR2BGRA),
}
"""How OpenCV makes BGR of a format, and the other way round."""


def taken(source: Descriptor, formats: Sequence[str], empty: Empty = np.empty) -> Frame:
    """A copy of the caller's frame, in the one of a session's `formats` that changes least of it.

    Planar pixels stay as they are where `formats` has 4:2:0; a grey frame is one without colour. Colours not said
    are BT.601, limited range or, in a grey frame, full. Raises BadInput as `mapped` does.
    """
    planes, form = mapped(source), PixelFormat(source.format)
    range_ = source.range or (Range.FULL if form is PixelFormat.GRAY8 else Range.UNSET)
    colour = Colour(matrix=_H273[Matrix(source.matrix)], range=int(range_))
    frame = Frame((), "", source.pts, source.duration, source.time_base, colour)
    if form in _SHUFFLED:
        (pixels,), (to_bgr, _) = planes, _SHUFFLED[form]
        bgr = empty((*pixels.shape[:2], 3), np.uint8)
        _shuffle(pixels, to_bgr, bgr)
        alpha = _split(pixels, empty)[3] if pixels.shape[2] == 4 else None
        return replace(frame, planes=(bgr,), format=BGR, alpha=alpha)
    copies = [sample for plane in planes for sample in _split(plane, empty)]
    if len(copies) == 1:
        copies += [np.broadcast_to(np.uint8(_NEUTRAL), _SUBSAMPLED.chroma_size(*copies[0].shape))] * 2
    frame = replace(frame, planes=tuple(copies), format=_SUBSAMPLED.name)
    return frame if frame.format in formats else replace(frame, planes=(_bgr(frame, empty),), format=BGR)


def _split(plane: np.ndarray, empty: Empty) -> Sequence[np.ndarray]:
    """A copy of each of the samples of a pixel."""
    return cv2.split(plane, [empty(plane.shape[:2], np.uint8) for _ in range(plane.shape[2])])


def _interleave(samples: Sequence[np.ndarray], into: np.ndarray) -> None:
    if len(samples) > 1 or not np.may_share_memory(samples[0], into):
        cv2.merge(samples, into)


def _shuffle(pixels: np.ndarray, code: int | None, into: np.ndarray) -> None:
    if code is None:
        if not np.may_share_memory(pixels, into):
            into[:] = pixels
    else:
        cv2.cvtColor(pixels, code, dst=into)


def direct(target: Descriptor) -> np.ndarray | None:
    """The caller's memory, where its BGR pixels or its luma (1, 1, H, W) may be made: `give` copies them no more.

    None where rows have gaps, where a frame has no plane like that, and where `give` will refuse the target.
    """
    try:
        first, *_ = mapped(target, writable=True)
    except BadInput:
        return None
    if not first.flags.c_contiguous or target.format in (PixelFormat.RGB24, PixelFormat.BGRA):
        return None
    return first if target.format == PixelFormat.BGR24 else first.reshape(1, 1, *first.shape[:2])


def give(frame: Frame, target: Descriptor, empty: Empty = np.empty) -> None:
    """Write a frame of the size of `target` into the caller's memory, in the format, matrix and range asked for there.

    Where those are not said they are as the frame has them. Time is written into `target`. Raises BadInput as
    `mapped` does, before anything is written.
    """
    planes, form = mapped(target, writable=True), PixelFormat(target.format)
    if form in _SHUFFLED:
        (pixels,), (_, from_bgr) = planes, _SHUFFLED[form]
        _shuffle(_bgr(frame, empty), from_bgr, pixels)
        if frame.alpha is not None and pixels.shape[2] == 4:
            alpha = empty(frame.size, np.uint8)
            pixels[..., 3] = cv2.resize(frame.alpha, frame.size[::-1], dst=alpha, interpolation=cv2.INTER_CUBIC)
    else:
        made = iter(_planar(frame, target, empty))
        for plane in planes:
            _interleave([next(made) for _ in range(plane.shape[2])], plane)
    target.pts, target.duration, target.time_base = frame.pts, frame.duration, frame.time_base


def _bgr(frame: Frame, empty: Empty) -> np.ndarray:
    """uint8 (H, W, 3) BGR of a frame, chroma where it lies."""
    return frame.planes[0] if frame.format == BGR else planar_to_bgr(_laid_out(frame, _WHOLE, empty), empty)


def _planar(frame: Frame, target: Descriptor, empty: Empty) -> tuple[np.ndarray, ...]:
    """Y, Cb and Cr of a frame at 4:2:0 in the matrix and range that `target` asks for."""
    matrix = _H273[Matrix(target.matrix)] if target.matrix else frame.colour.matrix
    range_ = target.range or frame.colour.range
    if target.format == PixelFormat.GRAY8 and not range_:
        range_ = Range.FULL
    wanted = replace(frame.colour, matrix=matrix, range=int(range_))
    if frame.format == BGR or not _same(wanted, frame.colour):
        frame = replace(frame, planes=_ycbcr(_bgr(frame, empty), wanted, empty), format=_WHOLE.name)
    return frame.planes[:1] if target.format == PixelFormat.GRAY8 else _laid_out(frame, _SUBSAMPLED, empty).planes


def _same(one: Colour, other: Colour) -> bool:
    """Whether two tags mean the same colours; what is not said means what it is taken for."""
    return one == other or np.array_equal(ycbcr_to_bgr(one), ycbcr_to_bgr(other))


def _ycbcr(bgr: np.ndarray, colour: Colour, empty: Empty) -> tuple[np.ndarray, ...]:
    """uint8 BGR -> the three uint8 planes of 4:4:4."""
    back = ycbcr_to_bgr(colour)
    linear = np.linalg.inv(back[:, :3])
    ycbcr = cv2.transform(bgr, np.column_stack([linear, -linear @ back[:, 3]]), dst=empty(bgr.shape, np.uint8))
    return tuple(_split(ycbcr, empty))


def _laid_out(frame: Frame, target: Layout, empty: Empty) -> Frame:
    """A planar frame with its chroma as in `target`, no colour moved."""
    source = LAYOUTS[frame.format]
    if source == target:
        return frame
    y, *chroma = frame.planes
    placed = [enlarge_chroma(plane, *frame.size, 1, source, target, empty) for plane in chroma]
    return replace(frame, planes=(y, *placed), format=target.name)
