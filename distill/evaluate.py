"""Scores of an upscaler on pictures, as the papers count and as a user sees. Needs no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, get_args

import numpy as np

from ..core.colour import luma, to_picture
from ..core.degradation import degraded
from ..core.errors import BadInput, nearest
from ..core.facts import Degradation
from ..core.metrics import psnr, psnr_y, ssim_y
from ..core.resize import crop_to_multiple, resize, shrink


@dataclass(frozen=True)
class Pair:
    """An HR picture and the LR one made from it, uint8 (H, W, 3) BGR; or several crops of a size, (N, H, W, 3)."""

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


Degrader = Callable[[str, np.ndarray, int], Pair]
"""Name, HR picture and scale -> the pair; raises BadInput as `cropped` does."""


def cropped(name: str, picture: np.ndarray, scale: int) -> np.ndarray:
    """An HR picture cut to a multiple of `scale`; raises BadInput, naming it, when it is smaller than that."""
    if min(picture.shape[:2]) < scale:
        raise BadInput(f"{name}: {picture.shape[1]}x{picture.shape[0]} is too small for x{scale}")
    return crop_to_multiple(picture, scale)


@cache
def degrader(kind: str, *seed: int) -> Degrader:
    """What makes pairs of HR pictures, cropped to a multiple of the scale, as `degraded` does: one for each way.

    Raises BadInput for a kind that there is not.
    """
    if kind not in get_args(Degradation):
        raise BadInput(f"unknown degradation '{kind}'; {nearest(kind, get_args(Degradation))}")

    def pair(name: str, picture: np.ndarray, scale: int) -> Pair:
        hr = cropped(name, picture, scale)
        return Pair(name, hr, degraded(hr, scale, kind, *seed))  # type: ignore[arg-type]

    return pair


degrade = degrader("bicubic")
"""Antialiased bicubic shrinking of clean pictures."""


@dataclass(frozen=True)
class Upscaled:
    """What an upscaler made of one picture."""

    picture: np.ndarray
    """uint8 (H, W, 3) BGR."""
    luma: np.ndarray | None
    """A luma network's own output, float (H, W) over 255; None for RGB networks."""


Upscaler = Callable[[Pair], Upscaled]
"""Makes the large picture of a pair from the small one; only a privileged teacher looks at the truth as well."""
Distance = Callable[[np.ndarray, np.ndarray], float]
"""Two uint8 (H, W, 3) BGR pictures of one size -> how far apart they look; 0 for equal ones."""


@dataclass(frozen=True)
class Trial:
    """On what LR pictures an upscaler is judged, and by what beyond PSNR and SSIM to the truth."""

    degrader: Degrader = degrade
    teacher: Upscaler | None = None
    """Whose pictures, of the student's size, the student's are held against too."""
    perceptual: Distance | None = None


PLAIN = Trial()


def coloured(output: np.ndarray, lr: np.ndarray) -> Upscaled:
    """A network's output (C, H, W) in [0, 1] and its uint8 BGR input -> the picture a user gets."""
    return Upscaled(to_picture(output, lr), output[0] if output.shape[0] == 1 else None)


def shrinking(upscaler: Upscaler, factor: int) -> Upscaler:
    """The same, its pictures made `factor` times as small, as one would make them that enlarges less."""

    def upscale(pair: Pair) -> Upscaled:
        return Upscaled(shrink(upscaler(pair).picture, factor), None)

    return upscaler if factor == 1 else upscale


def score(
    upscaler: Upscaler, pictures: Iterable[tuple[str, np.ndarray]], scale: int, trial: Trial = PLAIN
) -> dict[str, Any]:
    """Score on HR pictures, degraded as the trial does.

    Returns the JSON of `distill eval`: per picture and mean `psnr_y`, `psnr_y_direct` (None for RGB
    networks), `ssim_y`, and what else the trial judges by; and the same of bicubic upsampling.
    """
    items, baseline = [], []
    for name, whole in pictures:
        pair = trial.degrader(name, whole, scale)
        bicubic = Upscaled(resize(pair.lr, *pair.hr.shape[:2]), None)
        taught = trial.teacher and trial.teacher(pair).picture
        items.append({"name": name, **_scores(upscaler(pair), pair.hr, taught, scale, trial.perceptual)})
        baseline.append(_scores(bicubic, pair.hr, taught, scale, trial.perceptual))
    of_bicubic = _mean(baseline)
    del of_bicubic["psnr_y_direct"]
    return {
        "task": "upscale",
        "scale": scale,
        "mean": _mean(items),
        "baseline": {"name": "bicubic", **of_bicubic},
        "items": items,
    }


def _scores(
    made: Upscaled, hr: np.ndarray, taught: np.ndarray | None, scale: int, perceptual: Distance | None
) -> dict[str, float | None]:
    direct = None
    if made.luma is not None:
        eight_bit = np.clip(np.rint(made.luma * 255), 0, 255)
        direct = psnr(eight_bit, np.rint(luma(hr) * 255), scale)
    scores = {"psnr_y_direct": direct, **_likeness(made.picture, hr, scale, perceptual)}
    if taught is not None:
        to_teacher = _likeness(made.picture, taught, scale, perceptual)
        scores |= {f"{key}_to_teacher": value for key, value in to_teacher.items()}
    return scores


def _likeness(made: np.ndarray, wanted: np.ndarray, scale: int, perceptual: Distance | None) -> dict[str, float]:
    scores = {"psnr_y": psnr_y(made, wanted, scale), "ssim_y": ssim_y(made, wanted, scale)}
    return scores | ({"perceptual": perceptual(made, wanted)} if perceptual else {})


def _mean(items: list[dict[str, Any]]) -> dict[str, float | None]:
    """The mean of every number over the items; None where some item has none."""
    columns = {key: [item[key] for item in items] for key in items[0] if key != "name"}
    return {key: None if None in values else float(np.mean(values)) for key, values in columns.items()}
