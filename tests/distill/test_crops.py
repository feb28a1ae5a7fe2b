"""Crops of pairs, and the teacher's maps of the same places."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pocketlens.core.errors import BadInput
from pocketlens.core.resize import shrink
from pocketlens.distill.cache import PICTURE
from pocketlens.distill.data import Crops, Cut, make_pairs
from pocketlens.distill.evaluate import Pair


def places(height: int, width: int) -> np.ndarray:
    """Every pixel has a value of its own."""
    return np.arange(height * width, dtype=np.float32).reshape(1, height, width)


def photos(count: int = 3, side: int = 48) -> list[tuple[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    return [(f"{i}.png", rng.integers(0, 256, (side, side + 4 * i, 3), dtype=np.uint8)) for i in range(count)]


def test_a_batch_is_a_function_of_seed_and_step():
    pairs = make_pairs(photos(), 2)
    first, again = (Crops(pairs, 8, 1, 1, seed=3).batch(5, 4) for _ in range(2))
    torch.testing.assert_close(first.target.inputs[0], again.target.inputs[0], atol=0, rtol=0)
    torch.testing.assert_close(first.target.picture, again.target.picture, atol=0, rtol=0)
    assert not torch.equal(first.target.inputs[0], Crops(pairs, 8, 1, 1, seed=3).batch(6, 4).target.inputs[0])
    assert not torch.equal(first.target.inputs[0], Crops(pairs, 8, 1, 1, seed=4).batch(5, 4).target.inputs[0])


@pytest.mark.parametrize("channels", [1, 3])
def test_crops_have_their_shape_and_range(channels: int):
    batch = Crops(make_pairs(photos(), 2), 8, channels, 1, seed=0).batch(0, 5)
    assert batch.target.inputs[0].shape == (5, channels, 8, 8) and batch.target.picture.shape == (5, channels, 16, 16)
    assert batch.teacher is None
    assert batch.target.picture.min() >= 0 and batch.target.picture.max() <= 1


def test_the_hr_crop_shrinks_to_the_lr_crop():
    """Flat blocks stay flat under bicubic away from their edge, so the two must agree."""
    blocks = np.random.default_rng(0).integers(0, 256, (6, 6, 3), dtype=np.uint8).repeat(32, 0).repeat(32, 1)
    batch = Crops(make_pairs([("a.png", blocks)], 2), 16, 3, 1, seed=0).batch(0, 16)
    shrunk = torch.nn.functional.avg_pool2d(batch.target.picture, 2)
    assert (shrunk - batch.target.inputs[0]).abs().median() < 1 / 255


@pytest.mark.parametrize("turn", range(8))
@pytest.mark.parametrize("ratio", [0.5, 1, 2, 4])
def test_every_map_is_cut_at_the_same_place_and_turned_alike(turn: int, ratio: float):
    """Cutting and then enlarging is enlarging and then cutting."""
    fine = places(24, 20)
    cut = Cut(top=6, left=4, patch=8, height=24, turn=turn)
    if ratio < 1:
        coarse = fine[:, ::2, ::2]
        made, wanted = cut(coarse, 1).repeat(2, 1).repeat(2, 2), cut(coarse.repeat(2, 1).repeat(2, 2), 1)
    else:
        times = int(ratio)
        made, wanted = cut(fine.repeat(times, 1).repeat(times, 2), 1), cut(fine, 1).repeat(times, 1).repeat(times, 2)
    np.testing.assert_array_equal(made, wanted)


def test_the_eight_turns_are_eight():
    square = places(8, 8)
    assert len({Cut(0, 0, 8, 8, turn)(square, 1).tobytes() for turn in range(8)}) == 8


@pytest.mark.parametrize("height", [7, 8, 9, 23])
def test_a_map_of_a_padded_picture_keeps_its_ratio(height: int):
    """A teacher that folds 2x2 pads odd sides: its maps are a little taller than the picture."""
    padded = height + height % 2
    for ratio in (0.5, 1, 2):
        tall = places(int(padded * ratio), int(padded * ratio))
        assert Cut(2, 2, 4, height, 0)(tall, 1).shape == (1, int(4 * ratio), int(4 * ratio))


@pytest.mark.parametrize("height", [129, 200, 272, 360])
@pytest.mark.parametrize("factor", [2, 16, 32])
def test_a_coarse_map_whose_last_row_is_not_whole_keeps_its_ratio(height: int, factor: int):
    rows = -(-height // factor)
    assert Cut(0, 0, 128, height, 0)(places(rows, rows), 1).shape == (1, 128 // factor, 128 // factor)


def test_teacher_crops_come_from_the_places_of_the_picture_crops():
    pairs = make_pairs(photos(), 2)

    def teacher(pair: Pair) -> dict[str, np.ndarray]:
        chw = np.moveaxis(pair.lr[..., ::-1], -1, 0).astype(np.float32) / 255
        return {PICTURE: np.moveaxis(pair.hr[..., ::-1], -1, 0).astype(np.float32) / 255, "half": chw[:, ::2, ::2]}

    batch = Crops(pairs, 8, 3, grid=2, seed=0).batch(0, 12, teacher)
    assert batch.teacher is not None
    torch.testing.assert_close(batch.teacher.picture, batch.target.picture)
    for lr, half in zip(batch.target.inputs[0], batch.teacher.taps["half"], strict=True):
        # Turning moves the pixel that was kept of each 2x2 block to another of its corners.
        corners = [lr[:, y::2, x::2] for y in (0, 1) for x in (0, 1)]
        assert any(torch.allclose(half, corner) for corner in corners)


def test_large_pictures_are_drawn_as_often_as_they_are_large():
    big, small = np.zeros((120, 120, 3), np.uint8), np.full((40, 40, 3), 255, np.uint8)
    batch = Crops(make_pairs([("a.png", big), ("b.png", small)], 2), 8, 1, 1, seed=0).batch(0, 300)
    assert 0.02 < (batch.target.inputs[0].mean((1, 2, 3)) > 0.5).float().mean() < 0.2


def test_pictures_smaller_than_the_crop_are_left_out_and_counted():
    pairs = make_pairs([("small.png", np.zeros((12, 60, 3), np.uint8)), *photos(2)], 2)
    crops = Crops(pairs, 8, 1, 1, seed=0)
    assert (crops.too_small, [pair.name for pair in crops.pairs]) == (1, ["0.png", "1.png"])


def test_no_picture_as_large_as_the_crop_is_bad_input():
    with pytest.raises(BadInput, match=r"smaller than the crop of 32 px \(the largest has 24\)"):
        Crops(make_pairs(photos(), 2), 32, 1, 1, seed=0)


def test_each_picture_is_used_in_every_size():
    pairs = make_pairs(photos(1), 2, [1.0, 0.5])
    assert [pair.hr.shape[:2] for pair in pairs] == [(48, 48), (24, 24)]
    np.testing.assert_array_equal(pairs[1].lr, shrink(pairs[1].hr, 2))


def test_a_picture_smaller_than_the_scale_is_named():
    with pytest.raises(BadInput, match=r"dot\.png: 1x1 is too small for x2"):
        make_pairs([("dot.png", np.zeros((1, 1, 3), np.uint8))], 2)
