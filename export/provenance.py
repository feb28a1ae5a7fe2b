"""Where a network is from, in words that mean something on any machine."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from .. import __version__
from ..core.card import Card
from ..core.curves import CURVES, read_curves, thinned
from ..core.errors import BadInput, told
from ..core.facts import Degradation
from ..core.limits import Limits
from ..core.options import first_problem

NOT_RECORDED = "not recorded"
"""What is said of a run that was made before its like was kept."""
_METRICS, _RECIPE = "metrics.json", "recipe.toml"


def provenance_of(path: Path) -> dict[str, Any]:
    """Recipe, pictures, teacher and the like of the run that a run folder, or the weights in one, is from.

    Empty for foreign weights. Folders are told by their names alone: their places are nobody's
    business. Raises BadInput for metrics that cannot be read.
    """
    return _read(path, _told) or {}


def teacher_of(path: Path) -> tuple[str, str] | None:
    """Where the run of `path` found its teacher, and the sha256 of its weights; None where it tells of none.

    Raises BadInput for metrics that cannot be read.
    """
    return _read(path, lambda run: run["teacher"] and (run["teacher"]["name"], run["teacher"]["weights_sha256"]))


def _read(path: Path, find: Callable[[dict[str, Any]], Any]) -> Any:
    """What is found in the metrics of a run; None where there are none."""
    metrics = _beside(path, _METRICS)
    if not metrics.is_file():
        return None
    try:
        return find(json.loads(metrics.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{metrics} is not that of a finished run; it may be cut short or damaged") from error


def _told(metrics: dict[str, Any]) -> dict[str, Any]:
    """What is sealed of a run."""
    recipe = {**metrics["recipe"]}
    recipe.pop("card", None)  # it is sealed by itself
    if "data" in recipe:
        recipe["data"] = {key: _names(value) for key, value in recipe["data"].items()}
    return {
        "recipe": recipe | {key: _name(recipe[key]) for key in ("teacher", "start") if key in recipe},
        "data": metrics.get("data") or NOT_RECORDED,
        "teacher": _placeless(metrics["teacher"]),
        "start": _placeless(metrics.get("start")),
        "steps": metrics["steps"],
        "seconds": metrics["seconds"],
        "trained_with": metrics.get("versions") or NOT_RECORDED,
    }


def _names(value: Any) -> Any:
    """The sources in a list of them by their names; whatever else is told of data as it is."""
    return [_name(item) if isinstance(item, str) else item for item in value] if isinstance(value, list) else value


def _placeless(model: dict[str, Any] | None) -> dict[str, Any] | None:
    """What is recorded of a model that was read, without the place where it was."""
    return model and {**model, "name": _name(model["name"])}


def _name(path: str) -> str:
    return Path(path).name


def card_of(path: Path) -> Card:
    """The card in the recipe of a run folder, or of the weights in one; it may be written after the training.

    Raises BadInput for a recipe that cannot be read, and for a card that is none.
    """
    recipe = _beside(path, _RECIPE)
    if not recipe.is_file():
        return Card()
    try:
        return Card.model_validate(tomllib.loads(recipe.read_text(encoding="utf-8")).get("card", {}))
    except ValidationError as error:
        raise BadInput(f"[card] of {recipe}: {first_problem(error)}") from error
    except ValueError as error:
        raise BadInput(f"{recipe} cannot be read as TOML: {error}") from error


def curve_of(path: Path) -> list[dict[str, float]]:
    """The learning curve of a run folder, or of the weights in one, at some steps; empty for foreign weights."""
    return thinned(read_curves(_beside(path, CURVES)))


def _beside(path: Path, name: str) -> Path:
    """A file of the run folder that `path` is, or lies in."""
    return (path if path.is_dir() else path.parent) / name


def limits_of(provenance: Mapping[str, Any]) -> Limits:
    """What the recipe of a run lets the student lose, or the defaults. Raises BadInput for limits that are none."""
    stated = (provenance.get("recipe") or {}).get("limits", {})
    try:
        return Limits.model_validate(stated)
    except ValidationError as error:
        raise BadInput(f"[limits] of the run's recipe: {first_problem(error)}") from error


def degradation_of(provenance: Mapping[str, Any]) -> Degradation:
    """How the LR pictures were made that a run learned from: shrunk by bicubic where nothing is told.

    Raises BadInput for a way that there is not.
    """
    found = ((provenance.get("recipe") or {}).get("data") or {}).get("degradation", "bicubic")
    if found not in get_args(Degradation):
        raise BadInput(f"the run's recipe tells of a degradation that there is not, {told(found)}")
    return found


def versions(*packages: str) -> dict[str, str]:
    """The versions of pocketlens and of `packages`."""
    return {"pocketlens": __version__, **{package: version(package) for package in packages}}
