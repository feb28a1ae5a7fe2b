"""MODEL on a command line -> where it is: a path, or the name of something shipped."""

from __future__ import annotations

from pathlib import Path

from .errors import BadInput, nearest

_PACKAGE = Path(__file__).parents[1]
BUNDLES = _PACKAGE / "runtime" / "models"
TEACHERS = _PACKAGE / "teachers" / "weights"
SUFFIX = ".plens"


def shipped_bundles() -> dict[str, Path]:
    """Name -> bundle of every shipped model."""
    return {path.stem: path for path in sorted(BUNDLES.glob(f"*{SUFFIX}"))}


def shipped_teachers() -> dict[str, Path]:
    """Name -> checkpoint folder of every shipped teacher; empty in an installed wheel."""
    return {path.name: path for path in sorted(TEACHERS.glob("*")) if path.is_dir()}


def locate(model: str) -> Path:
    """The path `model` names, or the shipped model or teacher of that name.

    Raises BadInput when it is neither, naming the nearest shipped one.
    """
    path = Path(model)
    if path.exists():
        return path
    shipped = {**shipped_bundles(), **shipped_teachers()}
    if model in shipped:
        return shipped[model]
    raise BadInput(f"no model '{model}': no such file, and no shipped model of that name; {nearest(model, shipped)}")


def is_bundle(path: Path) -> bool:
    """Whether a located path is a bundle rather than a checkpoint."""
    return path.suffix == SUFFIX or (path / "manifest.json").is_file()
