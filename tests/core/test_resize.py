"""Bicubic resizing as MATLAB does it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocketlens.core import picture
from pocketlens.core.errors import BadInput
from pocketlens.core.resize import crop_to_multiple, resize, shrink, upsampling_kernel
from shared_data import PICTURES, needs_shared

SIDES = st.integers(1, 24)


@needs_shared
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", ["Set5", "Set14"])
def test_published_small_pictures_are_met_exactly(name: str, scale: int):
    for published in picture.find(PICTURES / f"{name}-LR" / f"x{scale}"):
        hr = crop_to_multiple(picture.read(PICTURES / name / published.name), scale)
        np.testing.assert_array_equal(shrink(hr, scale), picture.read(published), err_msg=published.name)


@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 255))
@settings(max_examples=30, deadline=None)
def test_a_flat_picture_stays_flat_at_any_size(height: int, width: int, new_height: int, new_width: int, level: int):
    flat = np.full((height, width, 3), level, np.uint8)
    np.testing.assert_array_equal(resize(flat, new_height, new_width), np.full((new_height, new_width, 3), level))


def test_the_same_size_is_the_same_picture():
    noise = np.random.default_rng(0).integers(0, 256, (13, 17, 3), dtype=np.uint8)
    np.testing.assert_array_equal(resize(noise, 13, 17), noise)


def test_rounding_to_8_bits_costs_less_than_a_grey_level():
    noise = np.random.default_rng(0).integers(40, 216, (24, 36), dtype=np.uint8)
    exact = resize(noise.astype(np.float32), 12, 12)
    assert exact.dtype == np.float32
    assert np.abs(exact - resize(noise, 12, 12)).max() <= 1.2


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_upsampling_kernel_is_the_resizer(scale: int):
    """A large enough kernel used as a transposed convolution gives what `resize` gives, away from the edge."""
    small = np.random.default_rng(scale).random((12, 12)).astype(np.float32)
    size, centre = 5 * scale, 2 * scale
    kernel = upsampling_kernel(scale, size, centre)
    big = np.zeros((12 * scale + size, 12 * scale + size), np.float32)
    for y, x in np.ndindex(small.shape):
        big[y * scale : y * scale + size, x * scale : x * scale + size] += small[y, x] * kernel
    inside = slice(4 * scale, 8 * scale)
    moved = slice(centre + 4 * scale, centre + 8 * scale)
    np.testing.assert_allclose(big[moved, moved], resize(small, 12 * scale, 12 * scale)[inside, inside], atol=1e-5)


def test_nothing_left_of_a_picture_is_bad_input():
    with pytest.raises(BadInput, match="too small"):
        crop_to_multiple(np.zeros((2, 9, 3), np.uint8), 3)
    with pytest.raises(BadInput, match="cannot resize"):
        resize(np.zeros((4, 4), np.uint8), 0, 4)
