"""The banding index grows with false contours in smooth places, and with nothing else."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from moving import texture
from pocketlens.core.banding import banding
from pocketlens.core.resize import resize, shrink

SIDE = 160
LEVELS = (64, 32, 16, 8, 4)


def ramp(towards: float, low: float = 40, high: float = 200, side: int = SIDE) -> np.ndarray:
    """Brightness that grows evenly in the direction of `towards` degrees."""
    y, x = np.indices((side, side))
    along = x * np.cos(np.radians(towards)) + y * np.sin(np.radians(towards))
    return low + (high - low) * (along - along.min()) / np.ptp(along)


def quantized(picture: np.ndarray, levels: int, dither: float = 0) -> np.ndarray:
    """Rounded to `levels` levels between 0 and 256."""
    step = 256 / levels
    noise = dither * np.random.default_rng(0).uniform(-0.5, 0.5, picture.shape)
    return step * np.rint(picture / step + noise)


@pytest.mark.parametrize("towards", [0, 30, 45, 90, 200])
def test_a_ramp_has_the_more_banding_the_fewer_levels_it_is_quantized_to(towards: float):
    truth = ramp(towards, side=2 * SIDE)
    assert banding(truth, truth) == banding(truth + 9, truth) == 0
    index = [banding(quantized(truth, levels), truth) for levels in LEVELS]
    assert all(fewer > more for more, fewer in pairwise(index)), index
    assert index[LEVELS.index(32)] > 1


def test_the_values_on_the_page_about_gates_are_those_of_its_ramp():
    truth = np.tile(np.linspace(40, 200, 640), (120, 1))
    index = [banding(step * np.rint(truth / step), truth) for step in (2, 4, 8, 16, 32)]
    assert index == pytest.approx([0.2, 1.3, 2.4, 3.6, 5.5], abs=0.051)


@pytest.mark.parametrize("levels", [64, 32, 16])
def test_eight_bits_and_colour_are_seen_as_the_plane_is(levels: int):
    truth = np.rint(ramp(0)).astype(np.uint8)
    made = quantized(truth, levels).astype(np.uint8)
    colours = [np.dstack([plane] * 3) for plane in (made, truth)]
    assert banding(made, truth) == pytest.approx(banding(made.astype(np.float64), truth), rel=1e-3)
    assert banding(*colours) == pytest.approx(banding(made, truth), rel=1e-3)


@pytest.mark.parametrize("height", [0.5, 2, 10])
@pytest.mark.parametrize("contours", [1, 2])
def test_a_contour_counts_its_height(height: float, contours: int):
    """From square to square the means of 6 px rise by 1 to 6 to 1 sixths of the height, on 94 of 100 columns."""
    truth = np.full((SIDE, 100), 80.0)
    made = truth.copy()
    for contour in range(contours):
        made[:, 30 + 40 * contour :] += height
    energy = contours * (2 * (1 + 4 + 9 + 16 + 25) + 36) / 36 * height**2
    assert banding(made, truth) == pytest.approx((energy / 94) ** 0.5, rel=1e-3)
    assert banding(made.T, truth.T) == pytest.approx(banding(made, truth))


def test_dither_and_noise_are_no_bands():
    truth = ramp(20, side=2 * SIDE)
    banded, dithered = (quantized(truth, 32, dither) for dither in (0, 1))
    noisy = truth + np.random.default_rng(0).normal(0, np.std(dithered - truth), truth.shape)
    assert banding(dithered, truth) < 0.1 * banding(banded, truth)
    assert banding(noisy, truth) < 0.1 * banding(banded, truth)


def test_the_index_is_proportional_to_the_error():
    truth = ramp(10)
    error = quantized(truth, 32) - truth
    once = banding(truth + error, truth)
    assert banding(truth - 3 * error, truth) == pytest.approx(3 * once, rel=1e-4)


def test_what_becomes_of_texture_and_of_edges_is_not_counted():
    rough = texture(SIDE, SIDE)
    assert banding(quantized(rough, 8).astype(np.uint8), rough) == 0
    edges = np.zeros((SIDE, SIDE), np.uint8)
    edges[:, SIDE // 3 :], edges[SIDE // 2 :] = 100, 220
    blurred = cv2.GaussianBlur(edges, (0, 0), 1.5)
    assert banding(blurred, edges) < 0.05


def test_the_halo_of_an_edge_is_not_counted():
    truth = np.full((SIDE, SIDE), 60, np.uint8)
    truth[:, SIDE // 2 - 6 :] = 180
    made = resize(shrink(truth, 4), SIDE, SIDE)
    assert abs(made[0, SIDE // 2 - 12 :].astype(float) - truth[0, SIDE // 2 - 12 :]).max() > 10
    assert banding(made, truth) < 0.1


def test_a_sky_over_rough_ground_counts_as_the_sky_does():
    sky, ground = ramp(0), texture(SIDE, SIDE)[..., 0]
    alone = banding(quantized(sky, 32), sky)
    truth = np.vstack([sky, ground])
    assert banding(np.vstack([quantized(sky, 32), ground + 5.0]), truth) == pytest.approx(alone, rel=0.1)


def test_a_few_smooth_pixels_in_a_rough_picture_decide_little():
    truth = texture(4 * SIDE, 4 * SIDE)[..., 0].astype(np.float64)
    truth[:32, :32] = 100
    made = truth.copy()
    made[:16, :32] += 10
    assert 0 < banding(made, truth) < 0.5 * banding(made[:32, :32], truth[:32, :32])


@pytest.mark.parametrize("side", [1, 4, 5, 6, 9])
def test_tiny_pictures_can_be_asked_about(side: int):
    truth = np.full((side, side, 3), 80, np.uint8)
    assert banding(truth + np.uint8(9), truth) == 0
