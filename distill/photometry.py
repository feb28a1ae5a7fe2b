"""Light, colour, noise and blur of a made scene, as cameras have them: mild, and mostly none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from .synthesis import Moved


def jitter(moved: Moved, rng: np.random.Generator) -> Moved:
    """The scene in another light, now and then blurred, noisy or changing in brightness.

    The truth's brightness is between that of the frames as its time is. Noise is on the frames
    alone: an average over what cannot be known is best without it.
    """
    frames = [moved.before, moved.truth, moved.after]
    if rng.random() < 0.5:
        frames = _lit(frames, rng, moved.t)
    if rng.random() < 0.1:
        sigma = float(rng.uniform(0.4, 1.5))
        frames = [cv2.GaussianBlur(frame, (0, 0), sigma) for frame in frames]
    if rng.random() < 0.2:
        level = float(rng.uniform(0.5, 4))
        frames = [_noisy(frames[0], rng, level), frames[1], _noisy(frames[2], rng, level)]
    return replace(moved, before=frames[0], truth=frames[1], after=frames[2])


def _lit(frames: Sequence[np.ndarray], rng: np.random.Generator, t: float) -> list[np.ndarray]:
    """Gamma, gain and colour of the scene; in a fifth of the scenes the brightness changes by a few per cent."""
    gamma, gains = np.exp(rng.normal(0, 0.15)), np.exp(rng.normal(0, 0.05, 3) + rng.normal(0, 0.1))
    change = rng.normal(0, 0.04) if rng.random() < 0.2 else 0.0
    curve = 255 * (np.arange(256) / 255) ** gamma
    lit = []
    for frame, time in zip(frames, (0.0, t, 1.0), strict=True):
        table = curve[:, None] * gains * (1 + change * (time - 0.5))
        lit.append(cv2.LUT(frame, np.clip(np.rint(table), 0, 255).astype(np.uint8)[:, None]))
    return lit


def _noisy(frame: np.ndarray, rng: np.random.Generator, level: float) -> np.ndarray:
    noise = rng.standard_normal(frame.shape, np.float32) * np.float32(level)
    return np.clip(np.rint(frame + noise), 0, 255).astype(np.uint8)
