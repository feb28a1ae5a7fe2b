"""Curves and sample strips of a run, as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..core import picture
from ..core.files import whole
from ..core.resize import resize
from .evaluate import Pair, Upscaler
from .footage import Filmed
from .interpolation_scores import Interpolator


def draw_curves(rows: list[dict[str, Any]], metric: str, path: Path) -> None:
    """Loss terms and `metric` over the steps; `rows` as `RunFolder.curves` gives them, at least one."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = [row["step"] for row in rows]
    for name in [key for key in rows[0] if key not in ("step", "seconds", metric)]:
        left.plot(steps, [row[name] for row in rows], label=name)
    left.set(xlabel="step", ylabel="loss (before weighting)", yscale="log")
    left.legend()
    right.plot(steps, [row[metric] for row in rows], color="black")
    right.set(xlabel="step", ylabel=f"{metric} of the averaged weights, dB")
    with whole(path) as draft:
        figure.savefig(draft, dpi=110)


def draw_strip(pairs: list[Pair], upscaler: Upscaler, path: Path, side: int = 160) -> None:
    """One row a picture: LR as it is, bicubic, the student, the truth; the most textured square of each."""
    rows = []
    for pair in pairs:
        height, width = pair.hr.shape[:2]
        views = {
            "LR": cv2.resize(pair.lr, (width, height), interpolation=cv2.INTER_NEAREST),
            "bicubic": resize(pair.lr, height, width),
            "student": upscaler(pair).picture,
            "truth": pair.hr,
        }
        rows.append(_cut(views, picture.busiest_square(pair.hr, side)))
    draw_rows(rows, path)


def draw_triplets(triplets: Sequence[Filmed], between: Interpolator, path: Path, side: int = 240) -> None:
    """One row a triplet: frame average, the student, the truth; the square of each that changes most."""
    rows = []
    for each in triplets:
        average = picture.blend(each.before, each.after, each.t)
        student = between(each.before, each.after, each.t)
        square = picture.busiest_square(cv2.absdiff(each.before, each.after), side)
        rows.append(_cut({"average": average, "student": student, "truth": each.truth}, square))
    draw_rows(rows, path)


def _cut(views: Mapping[str, np.ndarray], square: tuple[slice, slice]) -> dict[str, np.ndarray]:
    return {label: view[square] for label, view in views.items()}


def draw_rows(rows: Sequence[Mapping[str, np.ndarray]], path: Path) -> None:
    """A contact sheet: views uint8 (H, W, 3) BGR by their labels, those of a row of one height."""
    strips = [np.hstack([_labelled(view, label) for label, view in row.items()]) for row in rows]
    width = max(strip.shape[1] for strip in strips)
    padded = [np.pad(strip, ((0, 2), (0, width - strip.shape[1]), (0, 0))) for strip in strips]
    picture.write(path, np.vstack(padded))


def _labelled(view: np.ndarray, label: str) -> np.ndarray:
    tile = view.copy()
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(tile, label, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, thickness, cv2.LINE_AA)
    return tile
