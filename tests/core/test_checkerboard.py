"""The checkerboard index finds a planted lattice, as strong as it is, and nothing else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from moving import texture
from pocketlens.core.checkerboard import checkerboard
from pocketlens.core.resize import resize, shrink
from scenes import scene

PERIODS = (2, 3, 4)
SIDE = 192
each_period = pytest.mark.parametrize("period", PERIODS)


def lattice(period: int, seed: int = 0, side: int = SIDE) -> np.ndarray:
    """A pattern drawn from a seed that repeats every `period` pixels: mean 0, root mean square 1."""
    cell = np.random.default_rng(seed).normal(size=(period, period))
    return np.tile((cell - np.mean(cell)) / np.std(cell), (side // period, side // period))


@each_period
def test_none_in_a_perfect_picture_nor_in_one_that_is_brighter_or_has_a_gradient_more(period: int):
    truth = scene(1, SIDE, SIDE)
    assert checkerboard(truth, truth, period) == 0
    along = np.arange(SIDE)
    slope = 7 + 0.1 * along[None, :, None] - 0.2 * along[:, None, None]
    assert checkerboard(truth + slope, truth, period) == pytest.approx(0, abs=1e-3)


@each_period
@pytest.mark.parametrize("amplitude", [0.25, 1, 8])
def test_a_planted_lattice_counts_its_root_mean_square_whatever_is_in_the_picture(period: int, amplitude: float):
    truth = texture(SIDE, SIDE).astype(np.float32)
    for seed in range(5):
        made = truth + amplitude * lattice(period, seed)[..., None]
        assert checkerboard(made, truth, period) == pytest.approx(amplitude, rel=1e-3)


@pytest.mark.parametrize("amplitude", [1, 2, 5])
def test_the_classical_checkerboard_of_plus_and_minus_a_counts_a_in_8_bits_too(amplitude: int):
    y, x = np.indices((SIDE, SIDE))
    truth = np.full((SIDE, SIDE, 3), 90, np.uint8)
    made = (truth + amplitude * (2 * ((x + y) % 2) - 1)[..., None]).astype(np.uint8)
    assert checkerboard(made, truth, 2) == pytest.approx(amplitude)
    assert checkerboard(made[..., 0], truth[..., 0], 2) == pytest.approx(amplitude)


@each_period
def test_the_index_is_proportional_to_the_error(period: int):
    rng = np.random.default_rng(period)
    truth = texture(SIDE, SIDE)[..., 0].astype(np.float64)
    error = rng.normal(size=truth.shape) + lattice(period)
    once = checkerboard(truth + error, truth, period)
    assert checkerboard(truth - 3 * error, truth, period) == pytest.approx(3 * once, rel=1e-3)


@each_period
def test_noise_or_texture_that_is_lost_or_invented_is_no_checkerboard(period: int):
    truth = texture(2 * SIDE, 2 * SIDE, softness=1)[..., 0].astype(np.float64)
    lost, invented = (cv2.GaussianBlur(truth, (0, 0), 1), truth[::-1, ::-1])
    noisy = truth + np.random.default_rng(0).normal(0, 10, truth.shape)
    for made in (lost, invented, noisy):
        assert checkerboard(made, truth, period) < 0.05 * np.std(made - truth)


@pytest.mark.parametrize(("there", "looked_for"), [(3, 2), (2, 3), (3, 4), (4, 3)])
def test_a_lattice_of_another_period_is_not_counted(there: int, looked_for: int):
    truth = np.full((SIDE, SIDE), 100.0)
    assert checkerboard(truth + 5 * lattice(there), truth, looked_for) < 0.5


@each_period
@pytest.mark.parametrize("seed", [1, 2])
def test_an_upscaler_without_a_lattice_has_next_to_none_and_a_planted_one_is_found_in_its_error(period: int, seed: int):
    truth = cv2.add(scene(seed, 2 * SIDE, 2 * SIDE), texture(2 * SIDE, 2 * SIDE, seed, softness=0.7) // 8)
    made = resize(shrink(truth, period), *truth.shape[:2]).astype(np.float32)
    assert checkerboard(made, truth, period) < 0.1 * np.std(made - truth)
    planted = made + 2 * lattice(period, seed, 2 * SIDE)[..., None]
    assert checkerboard(planted, truth, period) == pytest.approx(2, rel=0.05)


def test_the_uneven_overlap_of_a_transposed_convolution_is_found():
    """Kernel 3, stride 2: along a line every other pixel is the sum of two entries of the kernel."""
    spread = np.zeros((SIDE, SIDE))
    spread[::2, ::2] = 100
    even, uneven = np.array([0.5, 1, 0.5]), np.array([2, 2, 2]) / 3
    truth = np.full((SIDE, SIDE), 100.0)
    assert checkerboard(cv2.sepFilter2D(spread, -1, even, even), truth, 2) == pytest.approx(0, abs=1e-3)
    phases = 100 * np.outer([2 / 3, 4 / 3], [2 / 3, 4 / 3])
    assert checkerboard(cv2.sepFilter2D(spread, -1, uneven, uneven), truth, 2) == pytest.approx(phases.std(), rel=0.01)


@each_period
def test_a_small_picture_can_have_one_too(period: int):
    side = 8 * period
    truth = texture(side, side).astype(np.float32)
    made = truth + 3 * lattice(period, side=side)[..., None]
    assert checkerboard(made, truth, period) == pytest.approx(3, rel=1e-3)


@each_period
def test_where_nothing_can_repeat_there_is_none(period: int):
    rng = np.random.default_rng(period)
    for side in range(1, 4 * period):
        made, truth = rng.integers(0, 256, (2, side, side, 3), dtype=np.uint8)
        assert checkerboard(made, truth, period) == 0


def test_every_pixel_alike_is_no_pattern():
    made, truth = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)
    assert checkerboard(made, truth, 1) == 0
