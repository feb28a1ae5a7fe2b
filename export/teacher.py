"""The teacher that a run learned from, for what it reaches on the pictures that the student is sealed with."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.bundle import Bundle
from ..core.errors import BadInput
from ..core.locate import locate
from .from_checkpoint import as_bundle
from .options import PRECISIONS, open_checkpoint
from .provenance import teacher_of

if TYPE_CHECKING:
    from ..core.checkpoint import Checkpoint

Scores = dict[str, float]
"""As `Task.score` gives them."""


def open_teacher(trained: Checkpoint, run: Path, named: str | None, quiet: bool = False) -> Bundle | None:
    """The teacher of the run that `trained` is from: `named`, or where the run found it; None where there was none.

    One that was moved, or is another by now, is left out with a line that says so. Raises BadInput where one is
    `named` that the run did not learn from, and for what is no checkpoint.
    """
    taught_by = teacher_of(run)
    if taught_by is None:
        if named:
            raise BadInput(f"{run} tells of no teacher that it learned from; leave --teacher out")
        return None
    place, digest = taught_by
    scale = trained.spec.scale if trained.spec.task == "upscale" else None
    try:
        path = locate(named or place)
        teacher = open_checkpoint(str(path), guess=scale)
        if teacher.digest != digest:
            raise BadInput(f"{path} holds weights {teacher.digest[:12]}, and the run learned from {digest[:12]}")
    except BadInput as error:
        if named:
            raise
        if not quiet:
            told = f"the scores of its teacher are left out ({error}); say where it is with --teacher MODEL"
            print(told, file=sys.stderr)
        return None
    return as_bundle(teacher, path)


def beside(student: Mapping[str, float], teacher: Mapping[str, float]) -> Scores:
    """What the teacher reaches, `psnr_y_teacher` and the like, and how many dB each precision is below it."""
    reached = {key.removesuffix("fp32") + "teacher": value for key, value in teacher.items() if key.endswith("_fp32")}
    psnr = next(key.removesuffix("teacher") for key in reached if key.startswith("psnr"))
    made = {precision: student[psnr + precision] for precision in PRECISIONS if psnr + precision in student}
    gaps = {f"gap_to_teacher_{name}": round(reached[f"{psnr}teacher"] - value, 3) for name, value in made.items()}
    return {**reached, **gaps}
