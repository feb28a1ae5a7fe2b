"""Layers of a made scene: pieces of photos with a random shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

_MARGIN = 3
"""Pixels round a shape that stay empty, so that its edge is its own."""


@dataclass(frozen=True)
class Layer:
    """What moves as one."""

    texture: np.ndarray
    """uint8 (h, w, 4) BGR and coverage; (h, w, 3) for the background, which is mirrored at its edges."""
    corner: np.ndarray
    """(2,): x, y of its first pixel in the window at half time."""


def background(photos: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> Layer:
    """A piece of a photo, larger than a window of `side` px."""
    piece = _piece(photos, rng, round(1.3 * side), round(1.3 * side))
    height, width = piece.shape[:2]
    return Layer(piece, np.array([(side - width) // 2, (side - height) // 2], np.float64))


def foreground(photos: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> Layer:
    """A piece of a photo, sometimes one flat colour, cut to a random shape somewhere in the window."""
    largest = side * rng.uniform(0.15, 0.9)
    shape = np.maximum(largest * rng.permutation([1.0, rng.uniform(0.4, 1)]), 16).astype(int)
    draw = _SHAPES[rng.choice(len(_SHAPES), p=_CHANCES)]
    coverage = _smooth(draw(rng, *(2 * shape)), rng)
    height, width = coverage.shape
    if rng.random() < 0.12:
        piece = np.empty((height, width, 3), np.uint8)
        piece[:] = rng.integers(0, 256, 3)
    else:
        piece = _piece(photos, rng, height, width)
        piece = cv2.copyMakeBorder(piece, 0, height - piece.shape[0], 0, width - piece.shape[1], cv2.BORDER_REFLECT)
    middle = rng.uniform(0, side, 2)
    return Layer(np.dstack([piece, coverage]), np.round(middle - np.array([width, height]) / 2))


def _piece(photos: Sequence[np.ndarray], rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A piece of a random photo at a random size, at most (height, width), smaller where the photo is."""
    photo = photos[int(rng.integers(len(photos)))]
    most = min(photo.shape[0] / height, photo.shape[1] / width, 4.0)
    shrink = math.exp(rng.uniform(0, math.log(most))) if most > 1 else 1.0
    rows, columns = (min(round(shrink * n), whole) for n, whole in zip((height, width), photo.shape, strict=False))
    top, left = int(rng.integers(photo.shape[0] - rows + 1)), int(rng.integers(photo.shape[1] - columns + 1))
    piece = photo[top : top + rows, left : left + columns]
    if most > 1:
        piece = cv2.resize(piece, (width, height), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(piece[:, ::-1] if rng.random() < 0.5 else piece)


def _smooth(shape: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Coverage at half the size of a hard shape; out of focus now and then."""
    height, width = shape.shape
    coverage = cv2.resize(shape, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.15:
        coverage = cv2.GaussianBlur(coverage, (0, 0), rng.uniform(0.7, 2))
    coverage[:_MARGIN] = coverage[-_MARGIN:] = 0
    coverage[:, :_MARGIN] = coverage[:, -_MARGIN:] = 0
    return coverage


def _blob(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """What lies above a level of smooth noise that falls off towards the edge."""
    knots = int(rng.integers(4, 9))
    noise = rng.normal(size=(knots, knots)).astype(np.float32)
    field = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    y, x = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)
    return (field > 3 * (x**2 + y**2) - 1.3).view(np.uint8) * np.uint8(255)


def _ellipse(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    shape = np.zeros((height, width), np.uint8)
    axes = (int(width * 0.47), int(height * 0.47))
    return cv2.ellipse(shape, (width // 2, height // 2), axes, 0, 0, 360, 255, -1)


def _polygon(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    angles = np.sort(rng.uniform(0, 2 * math.pi, int(rng.integers(3, 9))))
    radii = rng.uniform(0.5, 1, len(angles)) / 2
    x, y = width * (0.5 + radii * np.cos(angles)), height * (0.5 + radii * np.sin(angles))
    return cv2.fillPoly(np.zeros((height, width), np.uint8), [np.stack([x, y], 1).astype(np.int32)], 255)


def _strokes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Thin bars, straight or bent: twigs, poles, wires, fences."""
    shape = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(1, 6))):
        corners = rng.uniform(0.05, 0.95, (int(rng.integers(2, 4)), 2)) * (width, height)
        cv2.polylines(shape, [corners.astype(np.int32)], False, 255, int(rng.integers(3, 20)))
    return shape


def _letters(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    shape = np.zeros((height, width), np.uint8)
    size, lines = rng.uniform(1, 4), int(rng.integers(1, 4))
    for line in range(lines):
        text = "".join(map(chr, rng.integers(33, 127, 12)))
        place = (8, int(height * (line + 0.8) / lines))
        cv2.putText(shape, text, place, int(rng.integers(8)), size, 255, int(rng.integers(2, 12)))
    return shape


_SHAPES: tuple[Callable[[np.random.Generator, int, int], np.ndarray], ...] = (
    _blob,
    _ellipse,
    _polygon,
    _strokes,
    _letters,
)
_CHANCES = (0.45, 0.15, 0.2, 0.12, 0.08)
