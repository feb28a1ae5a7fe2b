"""BT.601 luma and chroma."""

from __future__ import annotations

import numpy as np
import pytest
from pocketlens.core import colour

# ITU-R BT.601 limited range, as MATLAB's documentation of rgb2ycbcr lists them: (R, G, B) -> (Y, Cb, Cr).
PRIMARIES = {
    (0, 0, 0): (16, 128, 128),
    (255, 255, 255): (235, 128, 128),
    (255, 0, 0): (81, 90, 240),
    (0, 255, 0): (145, 54, 34),
    (0, 0, 255): (41, 240, 110),
}


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)


@pytest.mark.parametrize("rgb", PRIMARIES)
def test_primaries_have_their_standard_values(rgb: tuple[int, int, int]):
    bgr = np.array(rgb[::-1], np.uint8).reshape(1, 1, 3)
    ycbcr = colour.RGB_TO_YCBCR @ np.array(rgb) / 255 + colour.YCBCR_OFFSET
    np.testing.assert_array_equal(np.rint(ycbcr), PRIMARIES[rgb])
    assert round(float(colour.luma(bgr)[0, 0]) * 255) == PRIMARIES[rgb][0]


def test_colours_survive_the_round_trip(noise: np.ndarray):
    np.testing.assert_array_equal(colour.recolour(colour.luma(noise), noise), noise)


def test_networks_take_rgb_planes_or_one_of_luma(noise: np.ndarray):
    rgb = colour.to_network(noise, 3)
    assert rgb.shape == (3, 32, 48) and rgb.dtype == np.float32
    np.testing.assert_allclose(rgb[0] * 255, noise[..., 2], atol=1e-4)
    np.testing.assert_array_equal(colour.from_network(rgb), noise)
    np.testing.assert_array_equal(colour.to_network(noise, 1)[0], colour.luma(noise))


def test_values_beyond_the_range_are_clipped():
    assert colour.from_network(np.array([[[1.7]], [[-0.4]], [[0.5]]]))[0, 0].tolist() == [128, 0, 255]


def test_recolouring_keeps_the_given_luma(noise: np.ndarray):
    flat_chroma = np.repeat(noise[..., :1], 3, axis=2)
    upscaled = np.linspace(0.1, 0.9, 64 * 96, dtype=np.float32).reshape(64, 96)
    made = colour.recolour(upscaled, flat_chroma)
    assert made.shape == (64, 96, 3)
    np.testing.assert_allclose(colour.luma(made), upscaled, atol=0.6 / 255)


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
def test_grey_stays_what_it_is_and_differences_are_signed_and_not_rounded(kind: type):
    plane = np.arange(256).reshape(16, 16)
    picture = np.dstack([plane] * 3).astype(kind)
    assert np.allclose(colour.grey(picture), plane, atol=1e-4)
    assert np.allclose(colour.grey(plane.astype(kind)), plane)
    darker = (picture - 200.5).astype(np.float32)
    assert np.allclose(colour.grey_difference(darker, picture), -200.5, atol=1e-3)
    assert np.allclose(colour.grey_difference(picture[::-1], picture), plane[::-1] - plane, atol=1e-3)


def test_luma_of_a_colour_error_is_weighted_as_bt_601_does():
    truth = np.full((4, 4, 3), 100, np.uint8)
    for channel, weight in enumerate((0.114, 0.587, 0.299)):
        made = truth.copy()
        made[..., channel] += 10
        assert np.allclose(colour.grey_difference(made, truth), 10 * weight, atol=1e-3)
