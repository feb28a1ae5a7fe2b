"""Smooth random paths: where a point of a layer is at any time, and which point is at a place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

STEP = 8
"""Pixels between the knots on which smooth maps are worked out."""
_ROUNDS = 5
"""Of solving for the point that is at a place; each leaves at most a third of the error."""
_QUARTERS = np.arange(5) / 4


@dataclass(frozen=True)
class Path:
    """What is at u at half time is at u + (s - 1/2) velocity(u) + (s - 1/2)² bend at time s.

    Times run from 0 to 1; places are x, y in pixels. `velocity(u)` is affine plus waves.
    """

    gradient: np.ndarray
    """(2, 2): how the velocity grows along x and y."""
    drift: np.ndarray
    """(2,): the velocity at the origin, without waves."""
    bend: np.ndarray
    """(2,): half the acceleration."""
    amplitudes: np.ndarray
    """(K, 2) of sine waves of velocity."""
    waves: np.ndarray
    """(K, 2) wave vectors, in radians a pixel."""
    phases: np.ndarray
    """(K,)"""

    def at(self, points: np.ndarray, time: float) -> np.ndarray:
        """Where points (..., 2), given by where they are at half time, are at `time`."""
        since = time - 0.5
        velocity = points @ self.gradient.T + self.drift + self._wavering(points)
        return points + since * velocity + since**2 * self.bend

    def origin(self, places: np.ndarray, time: float) -> np.ndarray:
        """The points (..., 2), as `at` takes them, that are at `places` at `time`."""
        since = time - 0.5
        (a, b), (c, d) = np.eye(2) + since * self.gradient
        back = np.array([[d, -c], [-b, a]]) / (a * d - b * c)
        still = places - since * self.drift - since**2 * self.bend
        points = still @ back
        for _ in range(_ROUNDS if len(self.phases) and since else 0):
            points = (still - since * self._wavering(points)) @ back
        return points

    def joined(self, other: Path, share: float) -> Path:
        """This motion and `share` of another's together."""
        return Path(
            self.gradient + share * other.gradient,
            self.drift + share * other.drift,
            self.bend + share * other.bend,
            np.concatenate([self.amplitudes, share * other.amplitudes]),
            np.concatenate([self.waves, other.waves]),
            np.concatenate([self.phases, other.phases]),
        )

    def _wavering(self, points: np.ndarray) -> np.ndarray:
        return np.sin(points @ self.waves.T + self.phases) @ self.amplitudes


def random_path(rng: np.random.Generator, side: int, centre: np.ndarray) -> Path:
    """A path as things move in a window of `side` px: mostly a little, sometimes far, sometimes not at all.

    Turning, growing and shearing go round `centre` (2,).
    """
    reach = 0.22 * side
    speed = 0.0 if rng.random() < 0.15 else min(float(rng.lognormal(math.log(0.026 * side), 1.2)), reach)
    angle = rng.uniform(0, 2 * math.pi)
    drift = speed * np.array([math.cos(angle), math.sin(angle)])
    gradient = _gradient(rng) if rng.random() < 0.6 else np.zeros((2, 2))
    count = int(rng.integers(1, 3)) if rng.random() < 0.6 else 0
    sizes = np.minimum(rng.lognormal(math.log(0.005 * side), 0.8, (count, 1)), 0.03 * side)
    lengths = side * rng.uniform(0.7, 2, (count, 1))
    bend = rng.normal(0, 0.15 * speed, 2) if rng.random() < 0.5 else np.zeros(2)
    return Path(
        gradient,
        drift - gradient @ centre,
        bend,
        sizes * _directions(rng, count),
        2 * math.pi / lengths * _directions(rng, count),
        rng.uniform(0, 2 * math.pi, count),
    )


def _directions(rng: np.random.Generator, count: int) -> np.ndarray:
    angles = rng.uniform(0, 2 * math.pi, count)
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def _gradient(rng: np.random.Generator) -> np.ndarray:
    turn, zoom, stretch, shear = np.clip(rng.standard_t(3, 4) * (0.03, 0.025, 0.01, 0.01), -0.2, 0.2)
    return np.array([[zoom + stretch, shear - turn], [shear + turn, zoom - stretch]])


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def knots(self) -> np.ndarray:
        """Places (rows, columns, 2), `STEP` apart, from which `spread` reaches every pixel of the box."""
        x = self.left + STEP * np.arange(-1, _cells(self.right - self.left) + 2)
        y = self.top + STEP * np.arange(-1, _cells(self.bottom - self.top) + 2)
        return _places(x, y)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values (rows, columns, C) at the knots -> float32 (C, height, width) at the pixels."""
        planes = values.astype(np.float32).transpose(2, 0, 1)
        return _weights(self.bottom - self.top) @ planes @ _weights(self.right - self.left).T


def _places(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(len(y), len(x), 2): every place with one of these x and one of these y; several times faster than meshgrid."""
    places = np.empty((len(y), len(x), 2))
    places[..., 0], places[..., 1] = x, y[:, None]
    return places


def _cells(length: int) -> int:
    return -(-length // STEP)


@lru_cache(maxsize=512)
def _weights(length: int) -> np.ndarray:
    """(length, knots): cubic convolution, which is exact for what is linear, as cv2.resize's is not."""
    pixel = np.arange(length)
    cell, s = pixel // STEP, pixel % STEP / STEP
    parts = (-s + 2 * s**2 - s**3, 2 - 5 * s**2 + 3 * s**3, s + 4 * s**2 - 3 * s**3, s**3 - s**2)
    weights = np.zeros((length, _cells(length) + 3), np.float32)
    for offset, part in enumerate(parts):
        weights[pixel, cell + offset] = part / 2
    return weights


def box_of(path: Path, height: int, width: int, corner: np.ndarray, time: float, side: int) -> Box | None:
    """Where in the window a layer of height x width px, at `corner` (2,) at half time, is; None when outside."""
    points = _places(corner[0] + width * _QUARTERS, corner[1] + height * _QUARTERS)
    places = path.at(points, time).reshape(-1, 2)
    left, top = np.clip(np.floor(places.min(0)) - 1, 0, side).astype(int).tolist()
    right, bottom = np.clip(np.ceil(places.max(0)) + 2, 0, side).astype(int).tolist()
    return Box(left, top, right, bottom) if left < right and top < bottom else None
