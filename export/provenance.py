"""Where a network is from, in words that mean something on any machine."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .. import __version__
from ..core.card import Card
from ..core.errors import BadInput
from ..core.limits import Limits
from ..core.options import first_problem

_METRICS, _RECIPE = "metrics.json", "recipe.toml"
_KEPT = ("recipe", "teacher", "steps", "seconds")


def provenance_of(path: Path) -> dict[str, Any]:
    """Recipe, teacher, steps and seconds of the run that a run folder, or the weights in one, is from.

    Empty for foreign weights. Folders are told by their names alone: their places are nobody's
    business. Raises BadInput for metrics that cannot be read.
    """
    metrics = _beside(path, _METRICS)
    if not metrics.is_file():
        return {}
    try:
        told = json.loads(metrics.read_text(encoding="utf-8"))
        told["recipe"].pop("card", None)  # it is sealed by itself
        return {key: _placeless(told[key]) for key in _KEPT}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{metrics} is not that of a finished run; it may be cut short or damaged") from error


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


def versions(*packages: str) -> dict[str, str]:
    """The versions of pocketlens and of `packages`."""
    return {"pocketlens": __version__, **{package: version(package) for package in packages}}


def _placeless(value: Any) -> Any:
    """The value with every path in it cut to its last part."""
    if isinstance(value, dict):
        return {key: _placeless(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_placeless(item) for item in value]
    return Path(value).name if isinstance(value, str) else value
