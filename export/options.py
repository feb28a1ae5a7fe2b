"""Options that several export commands share, and what they open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ..core.checkpoint import Checkpoint, load
from ..core.colour import to_network
from ..core.errors import BadInput
from ..core.locate import is_bundle, locate

Model = Annotated[str, typer.Argument(help="Run folder, checkpoint, or shipped teacher.")]
Calib = Annotated[str, typer.Option("--calib", metavar="SRC", help="Calibration folder, pictures, a video, or sample.")]
Scale = Annotated[int | None, typer.Option(help="Scale, for a checkpoint that does not tell.")]


def open_checkpoint(model: str, scale: int | None = None) -> Checkpoint:
    """MODEL as a network with weights; BadInput for a bundle, which holds graphs only."""
    path = locate(model)
    if is_bundle(path):
        raise BadInput(f"{model} is a bundle, which holds finished graphs; give the run folder it was made from")
    return load(path, scale)


def calibration_inputs(src: str, channels: int, quiet: bool) -> tuple[list[np.ndarray], str]:
    """SRC -> network inputs (1, C, H, W) float32 in [0, 1], and the digest of the set they are from."""
    from ..calib_data.make import load as load_set

    calibration = load_set(src, quiet)
    return [to_network(bgr, channels)[None] for bgr in calibration.pictures()], calibration.digest


def one_of(value: str, allowed: tuple[str, ...], option: str) -> str:
    """`value`, or BadInput naming what the option takes."""
    if value not in allowed:
        raise BadInput(f"{option} takes {', '.join(allowed)}, not '{value}'")
    return value


def output_file(path: Path, suffix: str) -> Path:
    """`path`, or BadInput when its suffix is not the one for this kind of file."""
    if path.suffix != suffix:
        raise BadInput(f"name the output {path.stem}{suffix}, not {path.name}")
    return path
