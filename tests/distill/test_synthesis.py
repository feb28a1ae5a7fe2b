"""Scenes made from photos: their flow is true, their occlusion is what it is said to be, their light is mild."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pocketlens.distill.photometry import jitter
from pocketlens.distill.synthesis import Moved, move

SIDE = 128


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    """Smooth colour textures, so that resampling leaves a small error."""
    rng = np.random.default_rng(3)
    sizes = [(200, 240), (150, 130), (60, 400), (700, 500)]
    return [
        cv2.resize(rng.integers(0, 256, (h // 12, w // 12, 3), np.uint8), (w, h), interpolation=cv2.INTER_CUBIC)
        for h, w in sizes
    ]


def scenes(photos: list[np.ndarray], count: int, t: float | None = None) -> list[Moved]:
    rng = np.random.default_rng(7)
    return [move(photos, rng, SIDE, t) for _ in range(count)]


def errors(moved: Moved) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each frame: how far it is, warped by the flow, from the truth, and where it is seen."""
    at = np.arange(SIDE, dtype=np.float32)
    found = []
    for frame, flow, seen in zip(
        (moved.before, moved.after), (moved.flow[:2], moved.flow[2:]), moved.seen, strict=True
    ):
        warped = cv2.remap(frame, flow[0] + at, flow[1] + at[:, None], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        found.append((np.abs(warped.astype(int) - moved.truth).mean(2), seen))
    return found


@pytest.mark.parametrize("t", [0.5, 0.1, 0.8, None])
def test_a_frame_warped_by_the_flow_is_the_truth_where_it_is_seen(photos: list[np.ndarray], t: float | None):
    found = [pair for moved in scenes(photos, 25, t) for pair in errors(moved)]
    assert np.mean([error[seen].mean() for error, seen in found]) < 1.5
    assert max(error[seen].mean() for error, seen in found) < 4


def test_what_is_not_seen_cannot_be_had_by_warping_and_is_the_smaller_part(photos: list[np.ndarray]):
    found = [pair for moved in scenes(photos, 40) for pair in errors(moved)]
    hidden = np.concatenate([error[~seen] for error, seen in found])
    assert hidden.mean() > 15
    assert 0.01 < np.mean([1 - seen.mean() for _, seen in found]) < 0.15


def test_points_that_leave_the_picture_are_not_seen(photos: list[np.ndarray]):
    at = np.arange(SIDE)
    for moved in scenes(photos, 20):
        for flow, seen in zip((moved.flow[:2], moved.flow[2:]), moved.seen, strict=True):
            x, y = flow[0] + at, flow[1] + at[:, None]
            outside = (np.minimum(x, y) < -0.6) | (np.maximum(x, y) > SIDE - 0.4)
            assert not seen[outside].any()


def test_motion_is_mostly_small_sometimes_large_and_sometimes_none(photos: list[np.ndarray]):
    flows = np.stack([moved.flow for moved in scenes(photos, 150, 0.5)])
    lengths = np.concatenate([np.hypot(flows[:, 0], flows[:, 1]), np.hypot(flows[:, 2], flows[:, 3])]) / SIDE
    low, median, high, top = np.percentile(lengths, [5, 50, 90, 99.5])
    assert low < 0.004 and 0.005 < median < 0.025 and 0.03 < high < 0.1 and top > 0.12


def test_scenes_follow_from_the_random_state_alone(photos: list[np.ndarray]):
    for one, other in zip(scenes(photos, 5), scenes(photos, 5), strict=True):
        assert one.t == other.t
        for field in ("before", "truth", "after", "flow", "seen"):
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


def test_a_scene_has_the_size_and_the_time_asked_for(photos: list[np.ndarray]):
    rng = np.random.default_rng(0)
    for side, t in ((64, 0.25), (101, 0.9)):
        moved = move(photos, rng, side, t)
        assert moved.t == t
        assert moved.before.shape == moved.truth.shape == moved.after.shape == (side, side, 3)
        assert moved.before.dtype == np.uint8 and moved.flow.dtype == np.float32
        assert moved.flow.shape == (4, side, side) and moved.seen.shape == (2, side, side)


def test_half_of_the_times_are_the_middle_and_the_others_anywhere_between(photos: list[np.ndarray]):
    times = np.array([moved.t for moved in scenes(photos, 120)])
    assert 0.35 < (times == 0.5).mean() < 0.65
    others = times[times != 0.5]
    assert others.min() > 0.05 and others.max() < 0.95 and others.std() > 0.2


def test_the_truth_is_at_its_time_and_not_at_another(photos: list[np.ndarray]):
    near = [move(photos, np.random.default_rng(seed), SIDE, 0.1) for seed in range(20)]
    lengths = [(np.hypot(*moved.flow[:2]).mean(), np.hypot(*moved.flow[2:]).mean()) for moved in near]
    to_before, to_after = np.mean(lengths, 0)
    assert to_after > 5 * to_before


def test_jitter_is_mild_and_often_none(photos: list[np.ndarray]):
    rng = np.random.default_rng(1)
    changes = []
    for moved in scenes(photos, 60):
        changed = jitter(moved, rng)
        changes.append(np.abs(changed.truth.astype(int) - moved.truth).mean())
        assert changed.t == moved.t and changed.flow is moved.flow and changed.seen is moved.seen
    assert 0.2 < np.mean(np.array(changes) == 0) < 0.7
    assert 2 < np.mean(changes) < 20


def test_the_truth_has_the_brightness_of_its_time_and_no_noise():
    grey = np.full((SIDE, SIDE, 3), 120, np.uint8)
    still = Moved(grey, grey, grey, 0.25, np.zeros((4, SIDE, SIDE), np.float32), np.ones((2, SIDE, SIDE), bool))
    rng = np.random.default_rng(2)
    noisy = changing = 0
    for _ in range(200):
        changed = jitter(still, rng)
        assert not changed.truth.std((0, 1)).any()
        noisy += changed.before.std() > 0.3
        before, truth, after = (frame.mean() for frame in (changed.before, changed.truth, changed.after))
        changing += abs(after - before) > 1.5
        assert abs(before + 0.25 * (after - before) - truth) < 1
    assert noisy > 10 and changing > 5
