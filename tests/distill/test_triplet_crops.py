"""Squares of triplets, turned and run backwards, and the teacher's motion with them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from pocketlens.core.errors import BadInput
from pocketlens.core.motion import Motion, fuse
from pocketlens.distill.batch import Batch
from pocketlens.distill.cache import PICTURE, Maps
from pocketlens.distill.data import Cut
from pocketlens.distill.footage import Filmed
from pocketlens.distill.triplet_crops import MOTION, TripletCrops, turned


def smooth(seed: int, channels: int, side: int = 48) -> np.ndarray:
    """(channels, side, side) in about [-1, 1]."""
    noise = np.random.default_rng(seed).normal(size=(channels, side, side)).astype(np.float32)
    return np.stack([cv2.GaussianBlur(plane, (0, 0), 3) * 8 for plane in noise])


def filmed(seed: int, height: int = 56, width: int = 72, t: float = 0.5) -> Filmed:
    rng = np.random.default_rng(seed)
    before, truth, after = (rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(3))
    return Filmed(str(seed), before, truth, after, t, str(seed))


def fused(frames: list[np.ndarray], motion: np.ndarray) -> np.ndarray:
    before, after = (torch.from_numpy(np.ascontiguousarray(frame))[None] for frame in frames)
    parts = torch.from_numpy(np.ascontiguousarray(motion))[None].split((2, 2, 1), 1)
    return fuse(before, after, Motion(*parts), "bilinear")[0].numpy()


@pytest.mark.parametrize("turn", range(8))
@pytest.mark.parametrize("backwards", [False, True])
def test_motion_turned_with_its_frames_makes_the_same_picture_turned(turn: int, backwards: bool):
    frames, motion, cut = [smooth(0, 3), smooth(1, 3)], 3 * smooth(2, 5), Cut(0, 0, 48, 48, turn)
    given = [cut(frame, 1) for frame in (frames[::-1] if backwards else frames)]
    np.testing.assert_allclose(
        fused(given, turned(cut(motion, 1), turn, backwards)), cut(fused(frames, motion), 1), atol=1e-4
    )


def assert_same(one: Batch, other: Batch) -> None:
    both = ((*batch.target.inputs, batch.target.picture) for batch in (one, other))
    for mine, theirs in zip(*both, strict=True):
        torch.testing.assert_close(mine, theirs, atol=0, rtol=0)


def test_a_batch_is_a_function_of_seed_and_step():
    triplets, photos = [filmed(i) for i in range(4)], [filmed(9).truth]
    crops = TripletCrops(triplets, photos, 32, 2, 0.5, seed=1)
    assert_same(crops.batch(3, 4), TripletCrops(triplets, photos, 32, 2, 0.5, seed=1).batch(3, 4))
    other = crops.batch(4, 4)
    assert not torch.equal(other.target.picture, crops.batch(3, 4).target.picture)


def test_the_share_that_is_made_comes_last_and_alone_knows_its_motion():
    batch = TripletCrops([filmed(0)], [cv2.resize(filmed(1).truth, (200, 200))], 32, 2, 0.25, seed=0).batch(0, 8)
    assert batch.target.picture.shape == (8, 3, 32, 32) and batch.target.inputs[2].shape == (8,)
    assert batch.target.known is not None
    known = batch.target.known.seen.amax((1, 2, 3))
    assert known.tolist() == [0] * 6 + [1] * 2
    assert ((batch.target.inputs[2] > 0) & (batch.target.inputs[2] < 1)).all()


def test_without_photos_all_is_filmed_and_without_films_all_is_made():
    assert TripletCrops([filmed(0)], [], 32, 2, 0.25, seed=0).batch(0, 4).target.known is None
    made = TripletCrops([], [filmed(0).truth], 32, 2, 0.25, seed=0).batch(0, 2)
    assert made.target.known is not None and (made.target.known.seen.amax((1, 2, 3)) == 1).all()


def test_time_runs_backwards_in_about_half_and_never_when_told_not_to():
    crops = TripletCrops([filmed(0, t=0.25)], [], 32, 2, 0.0, seed=0)
    times = torch.cat([crops.batch(step, 8).target.inputs[2] for step in range(20)])
    assert 0.3 < (times == 0.75).float().mean() < 0.7
    assert (crops.batch(0, 64, backwards=False).target.inputs[2] == 0.25).all()


def test_the_teacher_is_cut_at_the_same_place():
    whole = filmed(0, 64, 64)
    picture = np.moveaxis(whole.truth[..., ::-1], -1, 0).astype(np.float32) / 255

    def teacher(_sample: Filmed) -> Maps:
        return {PICTURE: picture, MOTION: np.full((5, 32, 32), 2.0, np.float32)}

    batch = TripletCrops([whole], [], 32, 2, 0.0, seed=0).batch(0, 6, teacher)
    assert batch.teacher is not None
    torch.testing.assert_close(batch.teacher.picture, batch.target.picture, atol=1e-6, rtol=0)
    motion = batch.teacher.motions[-1]
    assert motion.before.shape == (6, 2, 32, 32) and torch.all(motion.before.abs() == 2)


def test_of_the_places_looked_at_the_liveliest_is_taken():
    before, truth, after = (np.zeros((64, 512, 3), np.uint8) for _ in range(3))
    after[:, :64] = 255
    batch = TripletCrops([Filmed("", before, truth, after, 0.5, "")], [], 64, 2, 0.0, seed=0).batch(0, 400)
    lively = (batch.target.inputs[0] - batch.target.inputs[1]).abs().mean((1, 2, 3)) > 0
    by_chance = 32 / 225
    assert lively.float().mean() > 2 * by_chance


def test_triplets_smaller_than_the_square_are_left_out_and_nothing_left_is_an_error():
    crops = TripletCrops([filmed(0), filmed(1, 20, 90)], [], 32, 2, 0.0, seed=0)
    assert (len(crops.filmed), crops.too_small) == (1, 1)
    with pytest.raises(BadInput, match="no photo, and no triplet as large as the square of 64 px"):
        TripletCrops([filmed(0)], [], 64, 2, 0.0, seed=0)
