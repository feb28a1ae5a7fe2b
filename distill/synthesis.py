"""Moving scenes made from still photos, with their true motion and occlusion: data of which there is no end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .layers import Layer, background, foreground
from .paths import Box, Path, box_of, random_path


@dataclass(frozen=True)
class Moved:
    """A made scene before, at, and after a time, uint8 (side, side, 3) BGR."""

    before: np.ndarray
    truth: np.ndarray
    after: np.ndarray
    t: float
    """Of `truth`, in (0, 1)."""
    flow: np.ndarray
    """float32 (4, side, side): what is at p in `truth` is at p + flow[:2] in `before`, at p + flow[2:] in `after`.

    x then y, in pixels.
    """
    seen: np.ndarray
    """bool (2, side, side): whether that point can be seen in `before`, in `after`."""


def move(photos: Sequence[np.ndarray], rng: np.random.Generator, side: int, t: float | None = None) -> Moved:
    """A background and one to five pieces of `photos`, uint8 (H, W, 3) BGR, on smooth paths of their own.

    Without `t` it is 1/2 for half of the scenes, else uniform in (0.05, 0.95).
    """
    if t is None:
        t = 0.5 if rng.random() < 0.5 else float(rng.uniform(0.05, 0.95))
    camera = random_path(rng, side, rng.uniform(0, side, 2))
    scene = _Scene(side, t)
    scene.fill(background(photos, rng, side), camera)
    depth = 1.0
    for _ in range(int(rng.integers(1, 6))):
        layer = foreground(photos, rng, side)
        middle = layer.corner + np.array(layer.texture.shape[1::-1]) / 2
        depth *= rng.uniform(1, 1.2)
        scene.cover(layer, random_path(rng, side, middle).joined(camera, depth))
    before, truth, after = scene.frames
    return Moved(before, truth, after, t, scene.flow, scene.seen())


class _Scene:
    """Layers laid over each other, the farthest first, at times 0, t and 1."""

    def __init__(self, side: int, t: float) -> None:
        self._side, self._times, self._layers = side, (0.0, t, 1.0), 1
        self.frames: list[np.ndarray] = []
        self.flow = np.empty((4, side, side), np.float32)
        self._owner = np.ones((3, side, side), np.uint8)
        """The topmost layer at every pixel, counted from 1."""

    def fill(self, layer: Layer, path: Path) -> None:
        """Lay the background."""
        whole = Box(0, 0, self._side, self._side)
        for index, time in enumerate(self._times):
            points = path.origin(whole.knots(), time)
            x, y = whole.spread(points - layer.corner)
            self.frames.append(cv2.remap(layer.texture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101))
            if index == 1:
                self.flow[:] = self._flow(whole, path, points)

    def cover(self, layer: Layer, path: Path) -> None:
        """Lay the next nearer layer."""
        self._layers += 1
        for index, time in enumerate(self._times):
            height, width = layer.texture.shape[:2]
            box = box_of(path, height, width, layer.corner, time, self._side)
            if box is None:
                continue
            points = path.origin(box.knots(), time)
            x, y = box.spread(points - layer.corner)
            piece = cv2.remap(layer.texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
            coverage = piece[..., 3]
            below = self.frames[index][box.window]
            share = coverage.astype(np.float32) * np.float32(1 / 255)
            below[:] = cv2.blendLinear(piece[..., :3].copy(), below.copy(), share, 1 - share)
            solid = coverage > 127
            self._owner[index][box.window][solid] = self._layers
            if index == 1:
                np.copyto(self.flow[:, *box.window], self._flow(box, path, points), where=solid)

    def _flow(self, box: Box, path: Path, points: np.ndarray) -> np.ndarray:
        """(4, height, width) from the middle picture, given the points that its knots show."""
        places = box.knots()
        return box.spread(np.concatenate([path.at(points, 0.0) - places, path.at(points, 1.0) - places], 2))

    def seen(self) -> np.ndarray:
        """Whether the point at each pixel of the middle picture is the topmost in the frames too."""
        x = np.arange(self._side, dtype=np.float32)
        visible = np.empty((2, self._side, self._side), bool)
        for row, (index, flow) in enumerate(((0, self.flow[:2]), (2, self.flow[2:]))):
            there = cv2.remap(
                self._owner[index], flow[0] + x, flow[1] + x[:, None], cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT
            )
            np.equal(there, self._owner[1], out=visible[row])
        return visible
