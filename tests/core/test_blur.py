"""Blur kernels: what each is, and that they neither brighten nor move a picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pocketlens.core.blur import _bessel, random_blur, random_sinc, sinc


@pytest.mark.parametrize("make", [lambda rng: random_blur(rng, (0.2, 3)), random_sinc])
def test_kernels_keep_brightness_and_place(make):
    sides = set()
    for seed in range(200):
        kernel = make(np.random.default_rng(seed))
        side = kernel.shape[0]
        sides.add(side)
        assert kernel.shape == (side, side) and kernel.dtype == np.float32
        assert kernel.sum() == pytest.approx(1, abs=1e-5)
        np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-6)
    assert sides == set(range(7, 22, 2))


def test_a_blur_spreads_within_the_deviations_asked_for():
    """The second moments of Gaussians; other shapes have heavier tails, so the median is looked at."""
    spreads = []
    for seed in range(400):
        kernel = random_blur(np.random.default_rng(seed), (1.0, 1.5))
        half = kernel.shape[0] // 2
        y, x = np.mgrid[-half : half + 1, -half : half + 1]
        spreads.append(math.sqrt(max((kernel * (x**2 + y**2)).sum(), 0) / 2))
    assert 1.0 < np.median(spreads) < 1.5


def test_some_kernels_are_longer_than_wide():
    kernels = [random_blur(np.random.default_rng(seed), (0.2, 3)) for seed in range(200)]
    askew = [kernel for kernel in kernels if not np.allclose(kernel, np.rot90(kernel), atol=1e-5)]
    assert 0.15 < len(askew) / len(kernels) < 0.45


def test_the_bessel_function_is_that_of_the_tables():
    """Abramowitz and Stegun 1964, tables 9.1 and 9.2."""
    x = np.array([0, 1, 5, 10, 20])
    np.testing.assert_allclose(_bessel(x), [0, 0.4400505857, -0.3275791376, 0.0434727462, 0.0668331242], atol=1e-10)


def test_a_sinc_filter_passes_what_is_slower_than_its_cutoff_and_nothing_faster():
    spectrum = np.abs(np.fft.fft2(sinc(21, math.pi / 2), (64, 64)))[0, :33]
    frequency = np.arange(33) * math.pi / 32
    np.testing.assert_allclose(spectrum[frequency < 0.35 * math.pi], 1, atol=0.15)
    np.testing.assert_allclose(spectrum[frequency > 0.65 * math.pi], 0, atol=0.1)
