"""How good the pictures are: as sealed, and as measured where the report is made."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...core.contract import MEASURES
from ...core.html import Html, element, join, table
from ..choose import PRECISIONS
from .model import Facts
from .simple import NAMES

_METRICS = {
    "psnr_y": "PSNR-Y, dB",
    "ssim_y": "SSIM-Y",
    "psnr_rgb": "PSNR, dB",
    "ssim_rgb": "SSIM",
    "ie": "error, levels",
}
_DIGITS = {"psnr_y": 2, "ssim_y": 4, "psnr_rgb": 2, "ssim_rgb": 4, "ie": 2}
_PSNR = {"upscale": "psnr_y", "interpolate": "psnr_rgb"}
_SIMPLE = {"upscale": "bicubic", "interpolate": "average"}
"""The simple method as scores are named after it, by task."""

Scores = Mapping[str, float]
"""By who made the picture: a precision, the simple method, a teacher."""


def quality(facts: Facts) -> Html:
    """Both tables."""
    return join(_sealed(facts), _measured(facts))


def scored_sets(facts: Facts) -> list[str]:
    """Sets whose PSNR was sealed: those of the owner, or else the samples."""
    sealed = facts.model.manifest.quality
    return [name for name in sealed if name != "samples"] or list(sealed)


def headline(facts: Facts, name: str) -> str:
    """What int8 and fp32 reach on a set, and the simple method."""
    task = facts.model.manifest.task
    scores = _by_maker(facts.model.manifest.quality.get(name, {}), _PSNR[task])
    wanted = {"fp32": "fp32", "int8": "int8", _SIMPLE[task]: NAMES[task]}
    return ", ".join(f"{scores[key]:.2f} {told}" for key, told in wanted.items() if key in scores) or "not scored"


def gap_to_fp32(facts: Facts) -> str:
    """The most that int8 was sealed to lose on any set but the samples, where there is one."""
    manifest = facts.model.manifest
    made = [_by_maker(manifest.quality[name], _PSNR[manifest.task]) for name in scored_sets(facts)]
    gaps = [scores["fp32"] - scores["int8"] for scores in made if {"fp32", "int8"} <= scores.keys()]
    return f"{max(gaps):.2f} dB" if gaps else "no int8"


def _by_maker(scores: Scores, metric: str) -> dict[str, float]:
    return {key.removeprefix(f"{metric}_"): value for key, value in scores.items() if key.startswith(f"{metric}_")}


def _sealed(facts: Facts) -> Html:
    """A row for each set and metric."""
    manifest = facts.model.manifest
    scored = {
        (name, metric): made
        for name, scores in manifest.quality.items()
        for metric in _METRICS
        if (made := _by_maker(scores, metric))
    }
    if not scored:
        return element("p", "No scores were sealed in it.")
    makers = list(dict.fromkeys(maker for made in scored.values() for maker in made))
    simple = _SIMPLE[manifest.task]
    others = [maker for maker in makers if maker not in (simple, *PRECISIONS)]
    order = [maker for maker in (simple, *others, *PRECISIONS) if maker in makers]
    gaps = [(a, b) for a, b in (("int8", "fp32"), ("fp32", "teacher")) if {a, b} <= set(makers)]
    rows = [
        [name, _METRICS[metric], *(_number(made.get(maker), _DIGITS[metric]) for maker in order),
         *(_difference(made, a, b, _DIGITS[metric]) for a, b in gaps)]
        for (name, metric), made in scored.items()
    ]  # fmt: skip
    head = ["pictures", "score", *order, *(f"{a} less {b}" for a, b in gaps)]
    return table("Mean scores when it was sealed", head, rows)


def _measured(facts: Facts) -> Html:
    """A row for each set and way to run the model."""
    rows = []
    for name in facts.model.sets:
        unknown = ["-"] * (len(MEASURES) - 1 + 2)
        rows.append([name, NAMES[facts.model.manifest.task], f"{facts.plain[name]:.2f}", "-", *unknown])
        for (engine, precision), measured in facts.examined.measured.items():
            values = measured.scores[name]
            psnr, *others = (float(np.mean(values[measure])) for measure in MEASURES)
            fp32 = facts.examined.measured.get((engine, "fp32"))
            below = float(np.mean(fp32.scores[name]["psnr"])) - psnr if fp32 else None
            sound = measured.soundness
            rows.append([name, f"{precision} {engine}", f"{psnr:.2f}", _number(below, 3), *(f"{o:.3f}" for o in others),
                         _number(sound.tiled, 0), f"{sound.odd_sizes:.2f}"])  # fmt: skip
    if not rows:
        return element("p", "Nothing was scored here: it comes without sample pictures, and no --data was given.")
    head = ["pictures", "made by", "PSNR, dB", "below fp32, dB", *MEASURES[1:], "tiled", "odd sizes"]
    note = element(
        "p", "Grey levels but for dB; less is better. Flicker, banding and checkerboard are errors that eyes find "
        "before PSNR does; tiled: the greatest difference from the picture made whole (a dash: it never is); odd sizes: "
        "the mean difference from plain enlarging, or from a frame that stands still, at the worst of four odd sizes.",
        class_="quiet",
    )  # fmt: skip
    return join(table("Measured here", head, rows), note)


def _difference(made: Scores, a: str, b: str, digits: int) -> str:
    return f"{made[a] - made[b]:+.{digits}f}" if {a, b} <= made.keys() else "-"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
