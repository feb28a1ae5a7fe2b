"""How LR pictures are made of HR ones: by bicubic shrinking alone, or worn as Real-ESRGAN's training wears them.

Real-ESRGAN (Wang et al. 2021, sections 3 and 4.1) blurs, resizes, adds noise and compresses, and does it all
twice; the last filter rings as sharpening does. Ranges and chances are the paper's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np

from .blur import random_blur, random_sinc
from .facts import Degradation
from .picture import decode
from .resize import shrink

_INTERPOLATIONS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC)
_GREY_NOISE, _GAUSSIAN, _LAST_SINC = 0.4, 0.5, 0.8
_QUALITY = (30, 95)


@dataclass(frozen=True)
class _Order:
    """One round of wear; noise in grey levels."""

    blurred: float
    sigma: tuple[float, float]
    resized: tuple[float, float, float]
    """Chances of growing, shrinking, and staying."""
    sizes: tuple[float, float]
    gaussian: tuple[float, float]
    poisson: tuple[float, float]
    """Times the noise of light of which one grey level is one photon."""


_FIRST = _Order(1.0, (0.2, 3), (0.2, 0.7, 0.1), (0.15, 1.5), (1, 30), (0.05, 3))
_SECOND = _Order(0.8, (0.2, 1.5), (0.3, 0.4, 0.3), (0.3, 1.2), (1, 25), (0.05, 2.5))


def degraded(hr: np.ndarray, scale: int, kind: Degradation, *seed: int) -> np.ndarray:
    """uint8 (H, W, 3) BGR whose sides are multiples of `scale` -> the LR picture, uint8 (H/scale, W/scale, 3).

    For one picture and one seed it is always the same, whatever else there is; without a seed it is as pictures are
    judged on, in every run, by `distill eval`, and by `verify`.
    """
    if kind == "bicubic":
        return shrink(hr, scale)
    content = hashlib.sha256(repr(hr.shape).encode() + hr.tobytes()).digest()
    return wear(hr, scale, np.random.default_rng([*seed, *content]))


def wear(hr: np.ndarray, scale: int, rng: np.random.Generator) -> np.ndarray:
    """uint8 (H, W, 3) BGR whose sides are multiples of `scale` -> the worn LR picture, uint8 (H/scale, W/scale, 3)."""
    height, width = (side // scale for side in hr.shape[:2])
    picture = _worn(hr.astype(np.float32), _FIRST, hr.shape[0], hr.shape[1], rng)
    picture = _worn(_compressed(picture, rng), _SECOND, height, width, rng)
    if rng.random() < 0.5:
        picture = _compressed(_finished(picture, height, width, rng), rng)
    else:
        picture = _finished(_compressed(picture, rng), height, width, rng)
    return _eight_bit(picture)


def _worn(picture: np.ndarray, order: _Order, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Blurred, brought near (height, width), and noisy."""
    if rng.random() < order.blurred:
        picture = _filtered(picture, random_blur(rng, order.sigma))
    least, most = order.sizes
    factor = rng.choice([rng.uniform(1, most), rng.uniform(least, 1), 1.0], p=order.resized)
    return _noisy(_resized(picture, max(1, round(factor * height)), max(1, round(factor * width)), rng), order, rng)


def _finished(picture: np.ndarray, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """At its last size, and mostly with the ringing of a sharp low-pass filter."""
    picture = _resized(picture, height, width, rng)
    return _filtered(picture, random_sinc(rng)) if rng.random() < _LAST_SINC else picture


def _filtered(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REFLECT_101)


def _resized(picture: np.ndarray, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    return cv2.resize(picture, (width, height), interpolation=int(rng.choice(_INTERPOLATIONS)))


def _noisy(picture: np.ndarray, order: _Order, rng: np.random.Generator) -> np.ndarray:
    """With noise of a sensor or of light, in each colour its own or in all the same."""
    light = np.clip(picture, 0, 255)
    if rng.random() < _GREY_NOISE:
        light = cv2.cvtColor(light, cv2.COLOR_BGR2GRAY)[..., None]
    if rng.random() < _GAUSSIAN:
        noise = rng.standard_normal(light.shape, np.float32) * np.float32(rng.uniform(*order.gaussian))
    else:
        noise = (rng.poisson(light) - light) * np.float32(rng.uniform(*order.poisson))
    return np.clip(picture + noise, 0, 255).astype(np.float32, copy=False)


def _compressed(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    quality = int(rng.integers(_QUALITY[0], _QUALITY[1] + 1))
    _, data = cv2.imencode(".jpg", _eight_bit(picture), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return decode(data.tobytes(), "what was just encoded").astype(np.float32)


def _eight_bit(picture: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
