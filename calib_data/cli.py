"""`pocketlens calib`: make a calibration set, and show one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core import picture
from ..core.commands import Force, Json, LazyGroup, Quiet, refuse_report, report
from ..core.errors import BadInput
from ..core.files import refuse_existing
from . import calibration_set
from .make import COUNT
from .make import make as make_set

GROUP = LazyGroup(
    "calib",
    "Make and show calibration sets. Example: pocketlens calib make holiday.mp4 -o calib",
    {
        "make": ("Choose few, varied pictures from a folder, a video or the samples.", "calib_data.cli:make"),
        "show": ("Draw a calibration set as one contact sheet.", "calib_data.cli:show"),
    },
)


def make(
    src: Annotated[
        str,
        typer.Argument(
            metavar="SRC", help="Pictures or triplets in a folder, a video, a calibration folder, or 'sample'."
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="The calibration folder to make.")],
    count: Annotated[int, typer.Option("--count", min=1, metavar="N", help="How many pictures to choose.")] = COUNT,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="Keep with each picture the two that follow it, for interpolation.")
    ] = False,
    force: Force = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Choose few, varied pictures (dark, bright, flat, textured) for int8 calibration.

    The same source gives the same set. Pictures are the network's inputs as they are. A set of pairs serves
    upscalers and interpolators; an interpolator that is given pictures alone sets them in motion.

    Example: pocketlens calib make holiday.mp4 -o calib --count 16
    """
    refuse_existing(out, force)
    refuse_report(json, force)
    made = make_set(src, count, quiet, pairs)
    calibration_set.write(out, made)
    what = "pairs" if pairs else "pictures"
    _report(made, f"{out} holds {len(made.manifest.items)} of the {what} in {made.manifest.source}", json, quiet)


def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A calibration folder.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="SHEET.png", help="The picture to draw.")],
    force: Force = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Draw the pictures of a calibration set, each with why it was chosen and its statistics.

    Example: pocketlens calib show calib -o sheet.png
    """
    from .sheet import draw

    refuse_existing(out, force)
    refuse_report(json, force)
    if not folder.is_dir():
        raise BadInput(f"no folder {folder}")
    shown = calibration_set.read(folder)
    picture.write(out, draw(shown))
    _report(shown, f"{out} shows the pictures of {folder}", json, quiet)


def _report(calibration: calibration_set.CalibrationSet, line: str, json: str | None, quiet: bool) -> None:
    data = {**calibration.manifest.model_dump(), "digest": calibration.digest}
    report(data, json, lambda: line, quiet)
