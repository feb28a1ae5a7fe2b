"""Scores of an upscaler on pictures, as the papers count and as a user sees. Needs no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..core.colour import luma, to_picture
from ..core.errors import BadInput
from ..core.metrics import psnr, psnr_y, ssim_y
from ..core.resize import crop_to_multiple, resize, shrink


@dataclass(frozen=True)
class Pair:
    """An HR picture and the LR one made from it, uint8 (H, W, 3) BGR."""

    name: str
    hr: np.ndarray
    lr: np.ndarray

    @cached_property
    def digest(self) -> str:
        """Names the LR picture by its content."""
        return hashlib.sha256(repr(self.lr.shape).encode() + self.lr.tobytes()).hexdigest()[:24]

    @property
    def pixels(self) -> int:
        """Of the LR picture."""
        return self.lr.shape[0] * self.lr.shape[1]


def degrade(name: str, picture: np.ndarray, scale: int) -> Pair:
    """Crop an HR picture to a multiple of `scale` and shrink it by antialiased bicubic.

    Raises BadInput, naming the picture, when it is smaller than `scale`.
    """
    if min(picture.shape[:2]) < scale:
        raise BadInput(f"{name}: {picture.shape[1]}x{picture.shape[0]} is too small for x{scale}")
    hr = crop_to_multiple(picture, scale)
    return Pair(name, hr, shrink(hr, scale))


@dataclass(frozen=True)
class Upscaled:
    """What an upscaler made of one picture."""

    picture: np.ndarray
    """uint8 (H, W, 3) BGR."""
    luma: np.ndarray | None
    """A luma network's own output, float (H, W) over 255; None for RGB networks."""


Upscaler = Callable[[Pair], Upscaled]
"""Makes the large picture of a pair from the small one; only a privileged teacher looks at the truth as well."""


def coloured(output: np.ndarray, lr: np.ndarray) -> Upscaled:
    """A network's output (C, H, W) in [0, 1] and its uint8 BGR input -> the picture a user gets."""
    return Upscaled(to_picture(output, lr), output[0] if output.shape[0] == 1 else None)


def score(upscaler: Upscaler, pictures: Iterable[tuple[str, np.ndarray]], scale: int) -> dict[str, Any]:
    """Score on HR pictures, degraded as `degrade` does.

    Returns the JSON of `distill eval`: per picture and mean `psnr_y`, `psnr_y_direct` (None for RGB
    networks), `ssim_y`, and the same of bicubic upsampling.
    """
    items, baseline = [], []
    for name, whole in pictures:
        pair = degrade(name, whole, scale)
        bicubic = Upscaled(resize(pair.lr, *pair.hr.shape[:2]), None)
        items.append({"name": name, **_scores(upscaler(pair), pair.hr, scale)})
        baseline.append(_scores(bicubic, pair.hr, scale))
    mean = _mean(baseline)
    return {
        "task": "upscale",
        "scale": scale,
        "mean": _mean(items),
        "baseline": {"name": "bicubic", "psnr_y": mean["psnr_y"], "ssim_y": mean["ssim_y"]},
        "items": items,
    }


def _scores(made: Upscaled, hr: np.ndarray, scale: int) -> dict[str, float | None]:
    direct = None
    if made.luma is not None:
        eight_bit = np.clip(np.rint(made.luma * 255), 0, 255)
        direct = psnr(eight_bit, np.rint(luma(hr) * 255), scale)
    return {
        "psnr_y": psnr_y(made.picture, hr, scale),
        "psnr_y_direct": direct,
        "ssim_y": ssim_y(made.picture, hr, scale),
    }


def _mean(items: list[dict[str, Any]]) -> dict[str, float | None]:
    """The mean of every number over the items; None where some item has none."""
    columns = {key: [item[key] for item in items] for key in items[0] if key != "name"}
    return {key: None if None in values else float(np.mean(values)) for key, values in columns.items()}
