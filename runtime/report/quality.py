"""How good the pictures are: as sealed, and as measured where the report is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...core.contract import MEASURES, Contract, DataSet, Soundness
from ...core.facts import Degradation
from ...core.html import Html, element, join, table
from ...core.manifest import Manifest
from ..choose import PRECISIONS
from ..contract.scores import Values
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

_INDICES = ["", "PSNR, dB", "below fp32, dB", *MEASURES[1:], "tiled", "odd sizes"]
EXPLAINED = (
    "In grey levels but for dB; less is better. Flicker, banding and checkerboard are errors that eyes find before "
    "PSNR does. Tiled: the greatest difference from the picture made whole (a dash: it is never tiled). Odd sizes: the "
    "mean difference from plain enlarging, or from a frame that stands still, at the worst of four odd sizes."
)

_LR_PICTURES: Mapping[Degradation, str] = {
    "bicubic": "clean, made small by antialiased bicubic.",
    "real": "worn by blur, noise and compression, each always alike. PSNR prefers blur where that has taken detail.",
}

Scores = Mapping[str, float]
"""By who made the picture: a precision, the simple method, a teacher."""


def quality(facts: Facts) -> Html:
    """Both tables, and on what pictures."""
    made = lr_pictures(facts.model.manifest)
    return join(element("p", "LR pictures: ", made) if made else "", _sealed(facts), _measured(facts))


def lr_pictures(manifest: Manifest) -> str:
    """How those are made that a model is scored on; nothing where it interpolates."""
    return _LR_PICTURES[manifest.degradation] if manifest.task == "upscale" else ""


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
    """A table for each metric, a row for each set."""
    told = [_of_metric(facts.model.manifest, metric) for metric in _METRICS]
    return join(*told) or element("p", "No scores were sealed in it.")


def _of_metric(manifest: Manifest, metric: str) -> Html:
    found = {name: made for name, scores in manifest.quality.items() if (made := _by_maker(scores, metric))}
    if not found:
        return Html()
    makers = list(dict.fromkeys(maker for made in found.values() for maker in made))
    simple, digits = _SIMPLE[manifest.task], _DIGITS[metric]
    others = [maker for maker in makers if maker not in (simple, *PRECISIONS)]
    order = [maker for maker in (simple, *others, *PRECISIONS) if maker in makers]
    gaps = [(a, b) for a, b in (("int8", "fp32"), ("fp32", "teacher")) if {a, b} <= set(makers)]
    rows = [
        [
            name,
            *(_number(made.get(maker), digits) for maker in order),
            *(_difference(made, a, b, digits) for a, b in gaps),
        ]
        for name, made in found.items()
    ]
    head = ["pictures", *order, *(f"{a} less {b}" for a, b in gaps)]
    return table(f"{_METRICS[metric]}, mean, when it was sealed", head, rows)


def _measured(facts: Facts) -> Html:
    """A table for each set, a row for each way to run the model: those of the owner as sealed, the others as found."""
    contract, sets = facts.model.manifest.contract or Contract(), facts.model.sets
    kept = [_kept(name, data, contract.soundness) for name, data in contract.sets.items() if name not in sets]
    nothing = "Nothing was scored here: it comes without sample pictures, and no --data was given."
    return join(*(_found(facts, name) for name in sets), *([] if sets else [element("p", nothing)]), *kept)


def _found(facts: Facts, name: str) -> Html:
    ways = facts.examined.measured
    rows = [[NAMES[facts.model.manifest.task], f"{facts.plain[name]:.2f}", *["-"] * (len(MEASURES) + 2)]]
    for (engine, precision), measured in ways.items():
        values, fp32 = measured.scores[name], ways.get((engine, "fp32"))
        below = float(np.mean(fp32.scores[name]["psnr"]) - np.mean(values["psnr"])) if fp32 else None
        rows.append([f"{precision} {engine}", *_indices(values, below, measured.soundness)])
    return table(f"Measured here on {name}, {len(facts.model.sets[name])} pictures", _INDICES, rows)


def _kept(name: str, data: DataSet, soundness: Sequence[Soundness]) -> Html:
    sound = {(each.engine, each.precision): each for each in soundness}
    rows = []
    for scores in data.scores:
        values: Values = {measure: scores.values(measure) for measure in MEASURES}
        cells = _indices(values, scores.gap, sound.get((scores.engine, scores.precision)))
        rows.append([f"{scores.precision} {scores.engine}", *cells])
    return table(f"Measured on {name}, {data.pictures} pictures, when it was sealed", _INDICES, rows)


def _indices(values: Values, below: float | None, sound: Soundness | None) -> list[str]:
    """The cells of `_INDICES` but for the first."""
    psnr, *others = (float(np.mean(values[measure])) for measure in MEASURES)
    sizes = [_number(sound.tiled, 0), f"{sound.odd_sizes:.2f}"] if sound else ["-", "-"]
    return [f"{psnr:.2f}", _number(below, 3), *(f"{index:.3f}" for index in others), *sizes]


def _difference(made: Scores, a: str, b: str, digits: int) -> str:
    return f"{made[a] - made[b]:+.{digits}f}" if {a, b} <= made.keys() else "-"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
