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
        rows.append(_row(views, picture.busiest_square(pair.hr, side)))
    _write_rows(rows, path)


def draw_triplets(triplets: Sequence[Filmed], between: Interpolator, path: Path, side: int = 240) -> None:
    """One row a triplet: frame average, the student, the truth; the square of each that changes most."""
    rows = []
    for each in triplets:
        average = picture.blend(each.before, each.after, each.t)
        student = between(each.before, each.after, each.t)
        square = picture.busiest_square(cv2.absdiff(each.before, each.after), side)
        rows.append(_row({"average": average, "student": student, "truth": each.truth}, square))
    _write_rows(rows, path)


def _row(views: Mapping[str, np.ndarray], square: tuple[slice, slice]) -> np.ndarray:
    tiles = []
    for label, view in views.items():
        tile = np.ascontiguousarray(view[square])
        _write_label(tile, label)
        tiles.append(tile)
    return np.hstack(tiles)


def _write_rows(rows: list[np.ndarray], path: Path) -> None:
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, 2), (0, width - row.shape[1]), (0, 0))) for row in rows]
    picture.write(path, np.vstack(padded))


def _write_label(tile: np.ndarray, label: str) -> None:
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(tile, label, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, thickness, cv2.LINE_AA)
