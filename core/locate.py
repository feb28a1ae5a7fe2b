"""MODEL on a command line -> where it is: a path, or the name of something shipped."""

from __future__ import annotations

from pathlib import Path

from .errors import BadInput, nearest

_PACKAGE = Path(__file__).parents[1]
BUNDLES = _PACKAGE / "runtime" / "models"
TEACHERS = _PACKAGE / "teachers" / "weights"
RUNS = _PACKAGE / "students" / "weights"
SUFFIX = ".plens"
WEIGHTS = (".safetensors", ".pth", ".pt", ".pkl", ".ckpt")
"""Suffixes that checkpoints go by, ours and foreign ones."""


def shipped_bundles() -> dict[str, Path]:
    """Name -> bundle of every shipped model."""
    return {path.stem: path for path in sorted(BUNDLES.glob(f"*{SUFFIX}"))}


def shipped_teachers() -> dict[str, Path]:
    """Name -> checkpoint folder of every shipped teacher; empty in an installed wheel."""
    return {path.name: path for path in sorted(TEACHERS.glob("*")) if path.is_dir()}


def is_shipped(path: Path) -> bool:
    """Whether a located path is that of a bundle in this package."""
    return path.resolve() in [each.resolve() for each in shipped_bundles().values()]


def run_of(path: Path) -> Path | None:
    """The run folder that a located bundle was sealed from, if it is shipped; None in an installed wheel, too."""
    run = RUNS / path.stem
    return run if is_shipped(path) and run.is_dir() else None


def locate(model: str) -> Path:
    """The path `model` names, or the shipped model or teacher of that name.

    Raises BadInput when it is neither, naming the nearest shipped one.
    """
    path = Path(model)
    if _exists(path):
        return path
    shipped = {**shipped_bundles(), **shipped_teachers()}
    if model in shipped:
        return shipped[model]
    hint = nearest(model, shipped) if shipped else "this installation ships none"
    raise BadInput(f"no model '{model}': no such file, and no shipped model of that name; {hint}")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # A name can be longer than the system takes, or lie where nothing may be read.
        return False


def is_bundle(path: Path) -> bool:
    """Whether a located path is a bundle rather than a checkpoint."""
    return path.suffix == SUFFIX or (path / "manifest.json").is_file()


def is_checkpoint(path: Path) -> bool:
    """Whether a located path may be a checkpoint, going by its name: a run folder, or a weights file."""
    return path.is_dir() or path.suffix in WEIGHTS
