"""A dozen small pictures drawn from a seed: nobody's rights, and the same on every run.

They hold what upscalers are tried by: edges at many angles, gratings up to the limit of sampling,
gradients that would show banding, texture, saturated colour, near black and near white.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..core.resize import resize

SIDE = 96
"""HR pixels a side; a multiple of 2, 3 and 4."""

_OVERSAMPLING = 4

Pattern = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
"""(x, y in [0, 1), randomness) -> how much of the first of two colours is where."""


def draw(seed: int = 0) -> list[tuple[str, np.ndarray]]:
    """Twelve (name, uint8 (96, 96, 3) BGR)."""
    pictures = []
    for index, (name, (pattern, low, high)) in enumerate(_PICTURES.items()):
        rng = np.random.default_rng((seed, index))
        side = SIDE * _OVERSAMPLING
        y, x = np.mgrid[:side, :side].astype(np.float32) / side
        first, second = rng.uniform(low, high, (2, 3))
        mask = np.clip(pattern(x, y, rng), 0, 1)[..., None]
        fine = (mask * first + (1 - mask) * second).astype(np.float32)
        pictures.append((name, np.clip(np.rint(resize(fine, SIDE, SIDE) * 255), 0, 255).astype(np.uint8)))
    return pictures


def _edges(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angle = np.arctan2(y - 0.5, x - 0.5)
    return (np.sin(angle * 12) > 0).astype(np.float32)


def _rings(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return 0.5 + 0.5 * np.cos(((x - 0.5) ** 2 + (y - 0.5) ** 2) * 180)


def _discs(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    mask = np.zeros_like(x)
    for cx, cy, radius in rng.uniform((0, 0, 0.03), (1, 1, 0.15), (14, 3)):
        mask = np.where((x - cx) ** 2 + (y - cy) ** 2 < radius**2, 1 - mask, mask)
    return mask


def _strokes(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    mask = np.zeros_like(x)
    for angle, place, width in rng.uniform((0, -0.7, 0.004), (np.pi, 0.7, 0.012), (18, 3)):
        distance = np.abs((x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle) - place)
        mask = np.maximum(mask, distance < width)
    return mask


def _clouds(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    total = np.zeros_like(x)
    for octave in range(2, 7):
        coarse = rng.normal(size=(2**octave, 2**octave)).astype(np.float32)
        total += resize(coarse, *x.shape) * 0.6**octave
    return 0.5 + total


def _ramp(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (x + 0.3 * y) / 1.3


def _grating(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return 0.5 + 0.5 * np.sin(2 * np.pi * x * (4 + 18 * y))


def _bricks(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    row = np.floor(y * 9)
    joint = (y * 9 % 1 < 0.12) | ((x * 5 + 0.5 * (row % 2)) % 1 < 0.07)
    return np.where(joint, 0.0, 0.7 + 0.3 * _clouds(x, y, rng))


def _checks(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (np.floor(x * 11.5) + np.floor(y * 7.5)) % 2


def _soft(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return 1 / (1 + np.exp(-40 * (y - 0.5 - 0.25 * np.sin(9 * x))))


PATTERNS: dict[str, Pattern] = {
    "edges": _edges,
    "rings": _rings,
    "discs": _discs,
    "strokes": _strokes,
    "ramp": _ramp,
    "grating": _grating,
    "checks": _checks,
    "soft": _soft,
}
"""Those that go by x and y alone, wherever they are."""
_PICTURES: dict[str, tuple[Pattern, float, float]] = {
    "edges": (_edges, 0, 1),
    "rings": (_rings, 0, 1),
    "discs": (_discs, 0, 1),
    "strokes": (_strokes, 0, 1),
    "clouds": (_clouds, 0, 1),
    "ramp": (_ramp, 0, 1),
    "grating": (_grating, 0, 1),
    "bricks": (_bricks, 0, 1),
    "dark": (_clouds, 0, 0.15),
    "bright": (_clouds, 0.85, 1),
    "checks": (_checks, 0, 1),
    "soft": (_soft, 0, 1),
}
"""Name -> pattern, and the range its two colours are drawn from."""
