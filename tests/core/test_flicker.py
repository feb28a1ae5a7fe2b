"""The flicker index is what the error does over time, whatever the scene does."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from moving import texture
from pocketlens.core.errors import BadInput
from pocketlens.core.flicker import flicker
from scenes import moved, scene

FRAMES = 6
STEPS = [(0, 0), (2, 0), (1.5, -0.5), (4, 3)]
each_motion = pytest.mark.parametrize("step", STEPS)


def clip(step: tuple[float, float], height: int = 120, width: int = 160, seed: int = 0) -> np.ndarray:
    """Frames of a scene with detail that moves by `step` pixels a frame, (FRAMES, H, W, 3) uint8."""
    margin = 2 * FRAMES * max(1, int(max(map(abs, step))))
    size = (height + 2 * margin, width + 2 * margin)
    large = cv2.add(scene(seed, *size), texture(*size, seed, softness=2) // 3)
    frames = [moved(large, step[0] * index, step[1] * index) for index in range(FRAMES)]
    return np.stack([frame[margin : margin + height, margin : margin + width] for frame in frames])


def alternating(amplitude: float) -> np.ndarray:
    """Plus and minus `amplitude` from frame to frame."""
    return amplitude * np.where(np.arange(FRAMES) % 2, 1.0, -1.0).reshape(-1, 1, 1, 1)


@each_motion
def test_none_for_a_perfect_clip_nor_for_an_error_that_stays(step: tuple[float, float]):
    truth = clip(step)
    dirt = np.random.default_rng(0).normal(0, 10, truth.shape[1:])
    assert flicker(zip(truth, truth, strict=True)) == 0
    assert flicker(zip(truth + 12.0, truth, strict=True)) == pytest.approx(0, abs=1e-3)
    assert flicker(zip(truth + dirt, truth, strict=True)) == pytest.approx(0, abs=1e-3)


@each_motion
@pytest.mark.parametrize("amplitude", [0.25, 1, 8])
def test_pumping_brightness_counts_its_amplitude_however_the_scene_moves(step: tuple[float, float], amplitude: float):
    truth = clip(step)
    index = flicker(zip(truth + alternating(amplitude), truth, strict=True))
    assert index == pytest.approx(2**0.5 * amplitude, rel=1e-3)


@each_motion
def test_noise_counts_its_deviation_however_the_scene_moves(step: tuple[float, float]):
    truth = clip(step)
    noise = np.random.default_rng(0).normal(0, 4, (*truth.shape[:3], 1))
    assert flicker(zip(truth + noise, truth, strict=True)) == pytest.approx(4, rel=0.05)


@each_motion
def test_the_index_is_proportional_to_the_error(step: tuple[float, float]):
    truth = clip(step)
    error = np.random.default_rng(0).normal(0, 1, truth.shape) + alternating(0.5)
    once = flicker(zip(truth + error, truth, strict=True))
    assert flicker(zip(truth - 3 * error, truth, strict=True)) == pytest.approx(3 * once, rel=1e-3)


@pytest.mark.parametrize(("step", "left"), [((2, 0), 0.3), ((4, 3), 0.3), ((1.5, -0.5), 0.65)])
def test_an_error_that_moves_with_the_scene_is_taken_out_to_the_pixel(step: tuple[float, float], left: float):
    truth = clip(step)
    made = np.stack([cv2.GaussianBlur(frame.astype(np.float64), (0, 0), 2) for frame in truth])
    change = np.diff((made - truth).mean(-1), axis=0)
    assert flicker(zip(made, truth, strict=True)) < left * np.sqrt(np.mean(change**2) / 2)


def test_a_part_that_flickers_is_found_in_a_clip_that_does_not():
    truth = clip((2, 0))
    made = truth.astype(np.float64)
    made[:, :60, :80] += alternating(4)
    assert flicker(zip(made, truth, strict=True)) == pytest.approx(2**0.5 * 4 / 2, rel=0.05)


def test_another_scene_does_not_count_as_flicker():
    truth = np.concatenate([clip((0, 0), seed=1), clip((0, 0), seed=2)])
    error = np.repeat([-8.0, 8.0], FRAMES).reshape(-1, 1, 1, 1)
    assert flicker(zip(truth + error, truth, strict=True)) < 2


@pytest.mark.parametrize("side", [1, 2, 15, 31, 33])
def test_tiny_frames_of_any_kind_can_be_asked_about(side: int):
    truth = clip((0, 0))[:, :side, :side, 0]
    for kind in (np.uint8, np.float32):
        frames = truth.clip(10, 245).astype(kind)
        made = (frames + alternating(2)[..., 0]).astype(kind)
        assert flicker(zip(made, frames, strict=True)) == pytest.approx(2**0.5 * 2, rel=1e-3)


@pytest.mark.parametrize("count", [0, 1])
def test_less_than_two_frames_are_refused(count: int):
    with pytest.raises(BadInput, match="two frames"):
        flicker([(frame, frame) for frame in clip((0, 0))[:count]])
