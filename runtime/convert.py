"""Between the caller's pixels and the frames that flow through a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from .descriptor import Descriptor, Matrix, PixelFormat, Range, mapped
from .frame import BGR, LAYOUTS, Colour, Frame, Layout
from .upscale import enlarge_chroma
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


def taken(source: Descriptor, formats: Sequence[str]) -> Frame:
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
        bgr = pixels.copy() if to_bgr is None else cv2.cvtColor(pixels, to_bgr)
        return replace(frame, planes=(bgr,), format=BGR, alpha=pixels[..., 3].copy() if pixels.shape[2] == 4 else None)
    frame = replace(frame, planes=_y_cb_cr(planes), format=_SUBSAMPLED.name)
    return frame if frame.format in formats else replace(frame, planes=(_bgr(frame),), format=BGR)


def _y_cb_cr(planes: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Copies of the planes of a format with luma, chroma in planes of its own."""
    y, *chroma = planes
    if not chroma:
        rows, columns = _SUBSAMPLED.chroma_size(*y.shape[:2])
        none = np.full((rows, columns), _NEUTRAL, np.uint8)
        return y[..., 0].copy(), none, none
    return tuple(plane[..., sample].copy() for plane in planes for sample in range(plane.shape[2]))


def give(frame: Frame, target: Descriptor) -> None:
    """Write a frame of the size of `target` into the caller's memory, in the format, matrix and range asked for there.

    Where those are not said they are as the frame has them. Time is written into `target`. Raises BadInput as
    `mapped` does, before anything is written.
    """
    planes, form = mapped(target, writable=True), PixelFormat(target.format)
    if form in _SHUFFLED:
        (pixels,), (_, from_bgr) = planes, _SHUFFLED[form]
        bgr = _bgr(frame)
        pixels[:] = bgr if from_bgr is None else cv2.cvtColor(bgr, from_bgr)
        if frame.alpha is not None and pixels.shape[2] == 4:
            pixels[..., 3] = cv2.resize(frame.alpha, frame.size[::-1], interpolation=cv2.INTER_CUBIC)
    else:
        places = [plane[..., sample] for plane in planes for sample in range(plane.shape[2])]
        for place, made in zip(places, _planar(frame, target), strict=True):
            place[:] = made
    target.pts, target.duration, target.time_base = frame.pts, frame.duration, frame.time_base


def _bgr(frame: Frame) -> np.ndarray:
    """uint8 (H, W, 3) BGR of a frame, chroma where it lies."""
    return frame.planes[0] if frame.format == BGR else planar_to_bgr(_laid_out(frame, _WHOLE))


def _planar(frame: Frame, target: Descriptor) -> tuple[np.ndarray, ...]:
    """Y, Cb and Cr of a frame at 4:2:0 in the matrix and range that `target` asks for."""
    matrix = _H273[Matrix(target.matrix)] if target.matrix else frame.colour.matrix
    range_ = target.range or frame.colour.range
    if target.format == PixelFormat.GRAY8 and not range_:
        range_ = Range.FULL
    wanted = replace(frame.colour, matrix=matrix, range=int(range_))
    if frame.format == BGR or not _same(wanted, frame.colour):
        frame = replace(frame, planes=_ycbcr(_bgr(frame), wanted), format=_WHOLE.name)
    return frame.planes[:1] if target.format == PixelFormat.GRAY8 else _laid_out(frame, _SUBSAMPLED).planes


def _same(one: Colour, other: Colour) -> bool:
    """Whether two tags mean the same colours; what is not said means what it is taken for."""
    return one == other or np.array_equal(ycbcr_to_bgr(one), ycbcr_to_bgr(other))


def _ycbcr(bgr: np.ndarray, colour: Colour) -> tuple[np.ndarray, ...]:
    """uint8 BGR -> the three uint8 planes of 4:4:4."""
    back = ycbcr_to_bgr(colour)
    linear = np.linalg.inv(back[:, :3])
    return tuple(cv2.split(cv2.transform(bgr, np.column_stack([linear, -linear @ back[:, 3]]))))


def _laid_out(frame: Frame, target: Layout) -> Frame:
    """A planar frame with its chroma as in `target`, no colour moved."""
    source = LAYOUTS[frame.format]
    if source == target:
        return frame
    y, *chroma = frame.planes
    placed = [enlarge_chroma(plane, *frame.size, 1, source, target) for plane in chroma]
    return replace(frame, planes=(y, *placed), format=target.name)
