"""Scores of an interpolation model on triplets, as the papers count. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..core.metrics import interpolation_error, psnr_rgb, ssim_rgb
from ..core.picture import blend
from ..core.triplet import Triplet

Interpolator = Callable[[np.ndarray, np.ndarray, float], np.ndarray]
"""Two frames, uint8 (H, W, 3) BGR of one size, and `t` in (0, 1) -> the picture between them, the same."""


def score_triplets(between: Interpolator, triplets: Iterable[Triplet]) -> dict[str, Any]:
    """Returns the JSON of `distill eval`: `psnr_rgb`, `ssim_rgb` and `ie` of each triplet, their mean, and that of
    frame averaging; there must be a triplet.
    """
    items, baseline = [], []
    for triplet in triplets:
        made = between(triplet.before, triplet.after, triplet.t)
        items.append({"name": triplet.name, **_scores(made, triplet.truth)})
        baseline.append(_scores(blend(triplet.before, triplet.after, triplet.t), triplet.truth))
    return {
        "task": "interpolate",
        "mean": _mean(items),
        "baseline": {"name": "average", **_mean(baseline)},
        "items": items,
    }


def _scores(made: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    return {
        "psnr_rgb": psnr_rgb(made, truth),
        "ssim_rgb": ssim_rgb(made, truth),
        "ie": interpolation_error(made, truth),
    }


def _mean(items: list[dict[str, Any]]) -> dict[str, float]:
    return {key: float(np.mean([item[key] for item in items])) for key in items[0] if key != "name"}
