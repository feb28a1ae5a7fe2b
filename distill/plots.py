"""Curves and sample strips of a run, as PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..core import picture
from ..core.files import whole
from ..core.resize import resize
from .evaluate import Pair, Upscaler


def draw_curves(rows: list[dict[str, Any]], path: Path) -> None:
    """Loss terms and PSNR over the steps; `rows` as `RunFolder.curves` gives them, at least one."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = [row["step"] for row in rows]
    for name in [key for key in rows[0] if key not in ("step", "seconds", "psnr_y")]:
        left.plot(steps, [row[name] for row in rows], label=name)
    left.set(xlabel="step", ylabel="loss (before weighting)", yscale="log")
    left.legend()
    right.plot(steps, [row["psnr_y"] for row in rows], color="black")
    right.set(xlabel="step", ylabel="PSNR-Y of the averaged weights, dB")
    with whole(path) as draft:
        figure.savefig(draft, dpi=110)


def draw_strip(pairs: list[Pair], upscaler: Upscaler, path: Path, side: int = 160) -> None:
    """One row a picture: bicubic, the student, the truth; the most textured square of each."""
    rows = []
    for pair in pairs:
        made = upscaler(pair.lr).picture
        square = picture.busiest_square(pair.hr, side)
        views = (resize(pair.lr, *pair.hr.shape[:2]), made, pair.hr)
        tiles = [np.ascontiguousarray(view[square]) for view in views]
        for tile, label in zip(tiles, ("bicubic", "student", "truth"), strict=True):
            _write_label(tile, label)
        rows.append(np.hstack(tiles))
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, 2), (0, width - row.shape[1]), (0, 0))) for row in rows]
    picture.write(path, np.vstack(padded))


def _write_label(tile: np.ndarray, label: str) -> None:
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(tile, label, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, thickness, cv2.LINE_AA)
