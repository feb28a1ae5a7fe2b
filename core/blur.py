"""Blur kernels of Real-ESRGAN's degradations (Wang et al. 2021, sections 3.2 and 4.1)."""

from __future__ import annotations

import math

import numpy as np

_SIDES = np.arange(7, 22, 2)
_SINC = 0.1
"""How often a blur is a low-pass filter rather than a bell."""
_ROUND = {"gaussian": 0.45 / 0.7, "generalised": 0.8, "plateau": 0.8}
"""How often a bell of each shape is the same in every direction."""
_POINTS = (np.arange(64) + 0.5) * math.pi / 64


def random_blur(rng: np.random.Generator, sigma: tuple[float, float]) -> np.ndarray:
    """A float32 (k, k) kernel whose sum is one, k odd from 7 to 21, of deviations within `sigma` pixels."""
    if rng.random() < _SINC:
        return random_sinc(rng)
    side, shape = int(rng.choice(_SIDES)), str(rng.choice([*_ROUND], p=(0.7, 0.15, 0.15)))
    along, across = rng.uniform(*sigma, 2)
    if rng.random() < _ROUND[shape]:
        across = along
    distance = _distance(side, along, across, rng.uniform(0, math.pi))
    return _normal(_bell(distance, shape, rng))


def random_sinc(rng: np.random.Generator) -> np.ndarray:
    """A float32 (k, k) low-pass filter, k as above: it rings and overshoots as sharpening does."""
    side = int(rng.choice(_SIDES))
    # A small window cuts a low frequency off too early to be that filter still.
    return sinc(side, rng.uniform(math.pi / (3 if side < 13 else 5), math.pi))


def sinc(side: int, cutoff: float) -> np.ndarray:
    """The ideal low-pass filter in the plane, w J1(w r) / (2 pi r), cut to `side`; `cutoff` w in radians a pixel."""
    half = side // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    radius = np.hypot(x, y)
    radius[half, half] = 1
    kernel = cutoff * _bessel(cutoff * radius) / (2 * math.pi * radius)
    kernel[half, half] = cutoff**2 / (4 * math.pi)
    return _normal(kernel)


def _bessel(x: np.ndarray) -> np.ndarray:
    """J1, by its integral over half a period; exact to rounding for |x| below about 100."""
    return np.cos(_POINTS - x[..., None] * np.sin(_POINTS)).mean(-1)


def _distance(side: int, along: float, across: float, angle: float) -> np.ndarray:
    """(side, side): the square of how many deviations each pixel is from the middle."""
    half = side // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    cos, sin = math.cos(angle), math.sin(angle)
    return ((cos * x + sin * y) / along) ** 2 + ((cos * y - sin * x) / across) ** 2


def _bell(distance: np.ndarray, shape: str, rng: np.random.Generator) -> np.ndarray:
    if shape == "plateau":
        return 1 / (1 + distance ** rng.uniform(1, 2))
    # As many heavier tails than a Gaussian's as lighter ones, which have the most of the range 0.5 to 4.
    power = rng.uniform(*((0.5, 1) if rng.random() < 0.5 else (1, 4))) if shape == "generalised" else 1.0
    return np.exp(-(distance**power) / 2)


def _normal(kernel: np.ndarray) -> np.ndarray:
    return (kernel / kernel.sum()).astype(np.float32)
