"""The pairs that are drawn: always the same, moving as they say, their middle true."""

from __future__ import annotations

import numpy as np
import pytest
from pocketlens.core import remap
from pocketlens.core.metrics import psnr_rgb
from pocketlens.core.picture import blend
from pocketlens.export.pairs import SIDE, draw_pairs


def test_they_are_varied_and_always_the_same():
    first, second = draw_pairs(), draw_pairs()
    assert len(first) == 12 == len({pair.name for pair in first})
    for one, other in zip(first, second, strict=True):
        for frame, again in zip(
            (one.before, one.truth, one.after), (other.before, other.truth, other.after), strict=True
        ):
            np.testing.assert_array_equal(frame, again)
            assert frame.shape == (SIDE, SIDE, 3) and frame.dtype == np.uint8
    assert {pair.t for pair in first} == {0.25, 0.5, 0.75}
    assert draw_pairs(1)[0].before.tobytes() != first[0].before.tobytes()


def test_something_moves_in_each_and_averaging_does_not_show_it():
    for pair in draw_pairs():
        assert psnr_rgb(pair.before, pair.after) < 40, pair.name
        assert psnr_rgb(blend(pair.before, pair.after, pair.t), pair.truth) < 43, pair.name


@pytest.mark.parametrize("side", [SIDE, 2 * SIDE])
def test_the_middle_is_where_the_motion_says(side: int):
    pairs = {pair.name: pair for pair in draw_pairs(side=side)}
    for name, (right, down) in {"slide": (3, 0), "drop": (0, -4), "dash": (9, 6), "early": (4, 4)}.items():
        pair = pairs[name]
        # What is seen at p half way was at p - t * shift before.
        flow = -pair.t * np.array([right, down], np.float32)[:, None, None] * np.ones((2, side, side), np.float32)
        made = np.rint(remap.warp(pair.before.astype(np.float32), flow, "bilinear"))[10:-10, 10:-10]
        truth = pair.truth[10:-10, 10:-10]
        assert psnr_rgb(made, truth) > psnr_rgb(pair.before[10:-10, 10:-10], truth) + 5, name
