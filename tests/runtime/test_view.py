"""Planar frames as networks see them."""

from __future__ import annotations

import av
import numpy as np
import pytest
from pocketlens.runtime.decode import EXACT
from pocketlens.runtime.frame import Colour, Frame
from pocketlens.runtime.view import planar_to_bgr
from scenes import scene

MATRICES = {"bt709": 1, "bt601": 5, "bt2020": 9}


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("form", ["yuv444p", "yuv420p", "yuv422p", "yuv420p10le", "yuv444p10le"])
def test_colours_are_those_of_ffmpeg(matrix: str, full: bool, form: str):
    bgr = scene(0, 46, 62)
    colour = Colour(matrix=MATRICES[matrix], range=2 if full else 1)
    tags = {"dst_colorspace": colour.matrix, "dst_color_range": colour.range}
    given = av.VideoFrame.from_ndarray(bgr, "bgr24")
    stored = given.reformat(format=form, src_color_range=0, interpolation=EXACT, **tags)
    planes = []
    for plane in stored.planes:
        kind = np.dtype("<u2") if form.endswith("10le") else np.dtype(np.uint8)
        samples = np.frombuffer(plane, kind).reshape(plane.height, -1)  # type: ignore[call-overload]
        planes.append(samples[:, : plane.width])
    made = planar_to_bgr(Frame(tuple(planes), form, colour=colour))
    assert np.abs(made.astype(int) - bgr).mean() < 2
    assert np.abs(made.astype(int).mean((0, 1)) - bgr.mean((0, 1))).max() < 1.5


def test_an_odd_frame_and_a_pixel_have_a_picture():
    for height, width in ((5, 7), (1, 1)):
        chroma = np.full((-(-height // 2), -(-width // 2)), 128, np.uint8)
        frame = Frame((np.full((height, width), 126, np.uint8), chroma, chroma), "yuv420p", colour=Colour(range=1))
        np.testing.assert_array_equal(planar_to_bgr(frame), np.full((height, width, 3), 128, np.uint8))
