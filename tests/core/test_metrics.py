"""PSNR and SSIM."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pocketlens.core import picture
from pocketlens.core.metrics import interpolation_error, psnr, psnr_rgb, psnr_y, ssim, ssim_rgb, ssim_y
from pocketlens.core.resize import crop_to_multiple, resize, shrink
from shared_data import PICTURES, needs_shared


def test_psnr_is_its_definition():
    truth = np.zeros((8, 8))
    assert psnr(truth + 16, truth) == pytest.approx(20 * math.log10(255 / 16))
    assert psnr(truth, truth) == math.inf


def test_the_border_is_not_counted_unless_it_is_all_there_is():
    truth = np.zeros((8, 8))
    wrong_edge = truth.copy()
    wrong_edge[0] = 255
    assert psnr(wrong_edge, truth, border=1) == math.inf
    assert psnr(wrong_edge, truth, border=4) < 10


def test_ssim_is_one_for_equal_pictures_and_falls_with_noise():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 256, (40, 40)).astype(float)
    slightly, badly = (ssim(truth + rng.normal(0, sigma, truth.shape), truth) for sigma in (5, 60))
    assert ssim(truth, truth) == pytest.approx(1)
    assert 1 > slightly > badly > 0


def test_ssim_of_flat_pictures_is_its_luminance_term():
    """Wang et al. 2004, equation 6 with C1 = (0.01 * 255)^2: nothing but the means differs."""
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 120 + c1) / (100**2 + 120**2 + c1)
    assert ssim(np.full((20, 20), 100), np.full((20, 20), 120)) == pytest.approx(expected)


def test_colour_scores_count_all_three_channels_alike():
    rng = np.random.default_rng(0)
    truth = rng.integers(50, 200, (30, 30, 3), dtype=np.uint8)
    for channel in range(3):
        wrong = truth.copy()
        wrong[..., channel] += 30
        assert psnr_rgb(wrong, truth) == pytest.approx(20 * math.log10(255 / 30 * math.sqrt(3)))
        assert interpolation_error(wrong, truth) == interpolation_error(truth, wrong) == 10
        assert ssim_rgb(wrong, truth) == pytest.approx((2 + ssim(wrong[..., channel], truth[..., channel])) / 3)


@pytest.mark.parametrize("side", [1, 2, 7])
def test_tiny_pictures_can_be_scored(side: int):
    bgr = np.full((side, side, 3), 80, np.uint8)
    assert ssim_y(bgr, bgr, border=2) == pytest.approx(1)
    assert psnr_y(bgr, bgr + np.uint8(9), border=2) > 20


# Bicubic on Set5, as tables of VDSR (Kim et al. 2016) and later papers give it.
@needs_shared
@pytest.mark.parametrize(
    ("scale", "decibel", "similarity"), [(2, 33.66, 0.9299), (3, 30.39, 0.8682), (4, 28.42, 0.8104)]
)
def test_bicubic_scores_what_the_papers_say(scale: int, decibel: float, similarity: float):
    scores = []
    for path in picture.find(PICTURES / "Set5"):
        hr = crop_to_multiple(picture.read(path), scale)
        made = resize(shrink(hr, scale), *hr.shape[:2])
        scores.append((psnr_y(made, hr, scale), ssim_y(made, hr, scale)))
    assert np.mean(scores, axis=0) == pytest.approx([decibel, similarity], abs=0.02)
    assert np.mean(scores, axis=0)[1] == pytest.approx(similarity, abs=0.001)
