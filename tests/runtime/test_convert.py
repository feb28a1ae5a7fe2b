"""Colours come out as they went in."""

from __future__ import annotations

from itertools import product

import av
import numpy as np
import pytest
from pocketlens.runtime.convert import give, taken
from pocketlens.runtime.decode import EXACT
from pocketlens.runtime.descriptor import Descriptor, Matrix, PixelFormat, Range, mapped
from pocketlens.runtime.frame import BGR, LAYOUTS, Frame
from scenes import scene

PLANAR = (PixelFormat.GRAY8, PixelFormat.NV12, PixelFormat.I420)
SHUFFLED = (PixelFormat.BGR24, PixelFormat.RGB24, PixelFormat.BGRA)
H273 = {Matrix.BT601: 6, Matrix.BT709: 1, Matrix.BT2020: 9}
ALL = (*LAYOUTS, BGR)


def put(frame: Frame, target: Descriptor) -> None:
    """Write a frame into what `target` describes."""
    give(frame, target, mapped(target, writable=True))


def empty(form: PixelFormat, height: int, width: int, **facts: int) -> Descriptor:
    return Descriptor(bytearray(4 * (height + 1) * (width + 1)), form, width, height, **facts)  # type: ignore[arg-type]


def as_picture(frame: Descriptor) -> list[np.ndarray]:
    return [plane.astype(int) for plane in mapped(frame)]


def given_as(form: PixelFormat, bgr: np.ndarray, **facts: int) -> Descriptor:
    """A picture in that format."""
    made = empty(form, *bgr.shape[:2], **facts)
    put(Frame((bgr,), BGR), made)
    return made


@pytest.mark.parametrize("formats", [ALL, (BGR,)], ids=["as it is", "through BGR"])
@pytest.mark.parametrize("size", [(48, 64), (47, 63)], ids=["even", "odd"])
@pytest.mark.parametrize("colour", [*product(H273, (Range.LIMITED, Range.FULL)), (0, 0)], ids=str)
@pytest.mark.parametrize("form", PixelFormat)
def test_a_frame_comes_back_with_less_than_half_a_grey_level_of_error(
    form: PixelFormat, colour: tuple[int, int], size: tuple[int, int], formats: tuple[str, ...]
):
    matrix, range_ = colour
    before = given_as(form, scene(3, *size), matrix=matrix, range=range_)
    after = empty(form, *size)
    put(taken(before, formats), after)
    for given, got in zip(as_picture(before), as_picture(after), strict=True):
        error = np.abs(given - got)
        assert error.mean() < 0.5
        if formats == ALL or form in SHUFFLED:
            assert not error.any()


@pytest.mark.parametrize("matrix", H273)
@pytest.mark.parametrize("range_", [Range.LIMITED, Range.FULL])
def test_planes_are_those_of_ffmpeg(matrix: Matrix, range_: Range):
    bgr = scene(0, 46, 62)
    tags = {"dst_colorspace": 5 if matrix is Matrix.BT601 else H273[matrix], "dst_color_range": int(range_)}
    stored = av.VideoFrame.from_ndarray(bgr, "bgr24").reformat(
        format="yuv420p", src_color_range=0, interpolation=EXACT, **tags
    )
    ours = as_picture(given_as(PixelFormat.I420, bgr, matrix=matrix, range=range_))
    # FFmpeg rounds chroma of full range down, and has another filter for it.
    for plane, theirs, most in zip(ours, stored.planes, (0.1, 1, 1), strict=True):
        samples = np.frombuffer(bytes(theirs), np.uint8).reshape(theirs.height, -1)[:, : theirs.width]
        assert np.abs(plane[..., 0] - samples).mean() < most


@pytest.mark.parametrize("form", PLANAR)
def test_grey_stays_grey_and_black_black_in_every_range(form: PixelFormat):
    for level, range_ in product((0, 128, 255), (Range.LIMITED, Range.FULL)):
        flat = np.full((6, 6, 3), level, np.uint8)
        frame = given_as(form, flat, range=range_)
        assert mapped(frame)[0].max() == (level if range_ is Range.FULL else round(16 + level * 219 / 255))
        back = empty(PixelFormat.BGR24, 6, 6)
        put(taken(frame, ALL), back)
        assert np.abs(mapped(back)[0].astype(int) - flat).max() <= 1


def test_grey_and_colour_know_each_other():
    """A grey frame is full range unless it says otherwise; a colour one is limited."""
    ramp = np.arange(0, 256, 4, dtype=np.uint8).reshape(8, 8)
    grey = taken(Descriptor(ramp.tobytes(), PixelFormat.GRAY8, 8, 8), ALL)
    colour = empty(PixelFormat.BGR24, 8, 8)
    put(grey, colour)
    assert np.abs(mapped(colour)[0].astype(int) - ramp[..., None]).max() == 0
    limited = empty(PixelFormat.NV12, 8, 8, range=Range.LIMITED)
    put(grey, limited)
    assert np.abs(mapped(limited)[0][..., 0] - (16 + ramp * (219 / 255))).max() <= 1
    assert np.all(mapped(limited)[1] == 128)
    again = empty(PixelFormat.GRAY8, 8, 8)
    put(taken(given_as(PixelFormat.BGR24, mapped(colour)[0]), ALL), again)
    assert np.abs(mapped(again)[0][..., 0].astype(int) - ramp).max() <= 1


@pytest.mark.parametrize("target", PixelFormat)
@pytest.mark.parametrize("source", SHUFFLED)
def test_every_format_becomes_every_other(source: PixelFormat, target: PixelFormat):
    bgr = scene(1, 31, 33)
    made = empty(target, 31, 33, matrix=Matrix.BT709, range=Range.FULL)
    put(taken(given_as(source, bgr), (BGR,)), made)
    expected = given_as(target, bgr, matrix=Matrix.BT709, range=Range.FULL)
    for plane, wanted in zip(mapped(made), mapped(expected), strict=True):
        np.testing.assert_array_equal(plane, wanted)


def test_red_is_red():
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 2] = 255
    assert mapped(given_as(PixelFormat.RGB24, red))[0][0, 0].tolist() == [255, 0, 0]
    assert mapped(given_as(PixelFormat.BGRA, red))[0][0, 0].tolist() == [0, 0, 255, 255]
    y, chroma = mapped(given_as(PixelFormat.NV12, red))
    assert (y[0, 0, 0], chroma[0, 0].tolist()) == (81, [90, 240])


def test_what_is_opaque_stays_so_and_grows_with_the_frame():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 4), dtype=np.uint8)
    pixels[..., 3] = 200
    frame = taken(Descriptor(pixels.tobytes(), PixelFormat.BGRA, 4, 4), (BGR,))
    larger = Frame((frame.planes[0].repeat(2, 0).repeat(2, 1),), BGR, alpha=frame.alpha)
    made = empty(PixelFormat.BGRA, 8, 8)
    put(larger, made)
    assert np.all(mapped(made)[0][..., 3] == 200)


def test_a_frame_that_was_taken_is_a_copy():
    for form, formats in product(PixelFormat, (ALL, (BGR,))):
        memory = bytearray([100]) * 96
        frame = taken(Descriptor(memory, form, 4, 4), formats)
        planes = [plane.copy() for plane in frame.planes]
        memory[:] = bytes(96)
        for plane, copied in zip(frame.planes, planes, strict=True):
            np.testing.assert_array_equal(plane, copied)
