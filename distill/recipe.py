"""Recipes: a TOML file that says everything a training run depends on but the pictures."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ..core.catalog import LOSSES, NETWORKS
from ..core.errors import BadInput, nearest
from ..core.options import build_options, first_problem
from ..core.spec import ModelSpec

SHIPPED = Path(__file__).with_name("recipes")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(BaseModel):
    """A catalog entry by name; every other key is an option of that entry."""

    model_config = ConfigDict(extra="allow", frozen=True)
    name: str

    @property
    def options(self) -> dict[str, Any]:
        """The keys that are not this section's own."""
        return dict(self.model_extra or {})


class LossChoice(Choice):
    """A loss term and its weight in the sum."""

    weight: float = Field(1.0, gt=0)


class Data(_Section):
    """Where pictures come from and how they are cut."""

    train: list[str] = ["sample"]
    """Folders of HR pictures, or `sample` for those of installed packages."""
    val: list[str] = []
    """Folders to evaluate on; when empty, every eighth training picture is held out for it."""
    patch: int = Field(32, ge=4)
    """Side of the LR crop in pixels."""
    sizes: list[float] = [1.0]
    """Each HR picture is also used resized by these factors (FSRCNN, section 4.1)."""

    @field_validator("sizes")
    @classmethod
    def _in_range(cls, sizes: list[float]) -> list[float]:
        if not sizes or not all(0 < size <= 1 for size in sizes):
            raise ValueError("needs factors above 0 and up to 1")
        return sizes


class Optimiser(_Section):
    """Adam, linear warm-up, cosine decay, clipped gradients, averaged weights."""

    lr: float = Field(1e-3, gt=0)
    final_lr: float = Field(1e-6, ge=0)
    warmup: int = Field(0, ge=0)
    """Steps over which the learning rate rises from zero."""
    clip: float = Field(1.0, gt=0)
    """Largest norm of the gradient."""
    ema: float = Field(0.999, ge=0, lt=1)
    """Decay of the running average of the weights; the average is what is kept."""


class Recipe(_Section):
    """One training run. `teacher = "none"` is plain training."""

    summary: str = ""
    seed: int = 0
    steps: int = Field(..., ge=1)
    batch: int = Field(16, ge=1)
    amp: bool = False
    """bfloat16 arithmetic where the device has it."""
    eval_every: int = Field(1000, ge=1)
    teacher: str = "none"
    """A run folder, a checkpoint, or the name of a shipped teacher."""
    cache_gb: float = Field(8.0, gt=0)
    """Room on disk for the teacher's outputs."""
    student: Choice
    data: Data = Data()
    optimiser: Optimiser = Optimiser()
    loss: list[LossChoice] = Field(..., min_length=1)

    def student_options(self) -> Any:
        """The student's options, checked against its catalog entry."""
        return build_options(NETWORKS.get(self.student.name).options, self.student.options, "[student]")

    def student_spec(self) -> ModelSpec:
        """The facts of the student."""
        return NETWORKS.get(self.student.name).spec(self.student_options())

    def dump(self) -> str:
        """The recipe as TOML."""
        return tomli_w.dumps(self.model_dump())


def names() -> list[str]:
    """The shipped recipes."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load(recipe: str, changes: Sequence[str] = ()) -> Recipe:
    """Read a shipped recipe by name or a TOML file, with `key.path=value` changes.

    Raises BadInput for a missing or malformed file and for an unknown key, naming the nearest.
    """
    path = Path(recipe) if recipe.endswith(".toml") else SHIPPED / f"{recipe}.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        hint = nearest(recipe, names()) if path.parent == SHIPPED else "give the path of a TOML file"
        raise BadInput(f"no recipe '{recipe}'; {hint}") from error
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as TOML: {error}") from error
    for change in changes:
        _apply(raw, change)
    return check(raw, str(path))


def check(raw: dict[str, Any], where: str) -> Recipe:
    """Validate a recipe's content, down to the options of its student and losses."""
    _refuse_unknown(raw, Recipe, where)
    try:
        recipe = Recipe.model_validate(raw)
    except ValidationError as error:
        raise BadInput(f"{where}: {first_problem(error)}") from error
    recipe.student_options()
    for loss in recipe.loss:
        build_options(LOSSES.get(loss.name).options, loss.options, f"[[loss]] {loss.name}")
    return recipe


def _refuse_unknown(raw: dict[str, Any], section: type[BaseModel], where: str) -> None:
    for key, value in raw.items():
        if key not in section.model_fields:
            raise BadInput(f"unknown key '{key}' in {where}; {nearest(key, section.model_fields)}")
        inner = section.model_fields[key].annotation
        if isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, _Section):
            _refuse_unknown(value, inner, f"[{key}] of {where}")


def _apply(raw: dict[str, Any], change: str) -> None:
    """Carry out one `--set a.b=c`; a number in the path picks from a list."""
    path, equals, text = change.partition("=")
    if not equals:
        raise BadInput(f"--set {change} lacks a value; write --set key=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    place: Any = raw
    *parents, last = path.split(".")
    try:
        for key in parents:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        place[int(last) if isinstance(place, list) else last] = value
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise BadInput(f"--set {change}: there is no '{path}' in the recipe") from error
