"""Options that several export commands share, and what they open. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import BadInput, need
from ..core.locate import SUFFIX, WEIGHTS, is_bundle, is_checkpoint, locate, run_of

if TYPE_CHECKING:
    from ..core.checkpoint import Checkpoint

PRECISIONS = ("fp32", "fp16", "int8")
FACES = ("float", "frame", "split", "motion")
SAMPLE = "sample"
"""The calibration source that is packaged."""

Model = Annotated[str, typer.Argument(help="Run folder, checkpoint, or shipped teacher.")]
Calib = Annotated[str, typer.Option("--calib", metavar="SRC", help="Calibration folder, pictures, a video, or sample.")]
Scale = Annotated[int | None, typer.Option(help="Scale, for a checkpoint that does not tell.")]


def open_checkpoint(model: str, scale: int | None = None, guess: int | None = None) -> Checkpoint:
    """MODEL as a network with weights; `scale` and `guess` are as `checkpoint.load` has them.

    Raises BadInput for a bundle, which holds graphs only, for a teacher that cannot run, for what is no model at all,
    and for what `checkpoint.load` refuses; MachineCannot without torch.
    """
    path = locate(model)
    if is_bundle(path):
        run = run_of(path) or "what distill run wrote; those of shipped models are in the repository, not in the wheel"
        raise BadInput(f"{model} is a bundle, which holds finished graphs; give the run folder it was made from: {run}")
    if not is_checkpoint(path):
        raise BadInput(f"{model} is no model: neither a bundle ({SUFFIX}), nor a run folder, nor {', '.join(WEIGHTS)}")
    need("torch", "train")
    from ..core.checkpoint import load

    trained = load(path, scale, guess)
    if trained.spec.privileged:
        raise BadInput(f"{model} sees the picture that it is to make: it can teach, not run; export a student of it")
    return trained


def one_of(value: str, allowed: tuple[str, ...], option: str) -> str:
    """`value`, or BadInput naming what the option takes."""
    if value not in allowed:
        raise BadInput(f"{option} takes {', '.join(allowed)}, not '{value}'")
    return value


def output_file(path: Path, suffix: str) -> Path:
    """`path`, or BadInput when it has no name or not the suffix for this kind of file."""
    if path.suffix != suffix or not path.stem.strip():
        raise BadInput(f"name the output NAME{suffix}, not '{path.name}'")
    return path
