"""Recipes: a TOML file that says everything a training run depends on but the pictures."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ..core.card import Card
from ..core.catalog import LOSSES, NETWORKS, Catalog
from ..core.errors import BadInput, nearest, need
from ..core.facts import Degradation, NotNegative, Positive
from ..core.limits import Limits
from ..core.options import Count, Share, build_options, first_problem, option_names, refuse_unknown
from ..core.spec import ModelSpec

SHIPPED = Path(__file__).with_name("recipes")
HOLD_OUT = 8
"""One training sample in this many is evaluated on instead, when a recipe names no `val`."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(BaseModel):
    """A catalog entry by name; every other key is an option of that entry."""

    model_config = ConfigDict(extra="allow", frozen=True)
    name: str

    @model_validator(mode="before")
    @classmethod
    def _named(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and "name" not in raw:
            close = get_close_matches("name", raw, n=1)
            raise ValueError("needs a key 'name'" + (f"; is '{close[0]}' meant to be it?" if close else ""))
        return raw

    def options(self, catalog: Catalog, where: str) -> Any:
        """The options dataclass of the entry, filled in.

        Raises BadInput for an unknown entry or key, naming the nearest, and for a wrong value.
        """
        declared, given = catalog.get(self.name).options, self.model_extra or {}
        refuse_unknown(given, [*type(self).model_fields, *option_names(declared)], where)
        return build_options(declared, given, where)


class LossChoice(Choice):
    """A loss term and its weight in the sum."""

    weight: Positive = 1.0

    def loss_options(self) -> Any:
        """The options of the term, as `options` has them."""
        return self.options(LOSSES, f"[[loss]] {self.name}")


class StudentChoice(Choice):
    """The network that is trained, and what of it."""

    freeze: Literal["none", "body"] = "none"
    """`body` trains the head alone: all that another scale needs at first (FSRCNN, section 3.4)."""


class Data(_Section):
    """Where pictures come from and how they are cut."""

    train: list[str] = ["sample"]
    """Folders of HR pictures, or `sample` for those of installed packages; to interpolate, also videos, folders
    of videos and folders of triplets."""
    val: list[str] = []
    """Folders to evaluate on; when empty, an eighth of the training pictures is held out for it."""
    patch: Annotated[int, Field(ge=4)] = 32
    """Side of the crop in pixels of the input."""
    sizes: list[float] = [1.0]
    """Each HR picture is also used resized by these factors (FSRCNN, section 4.1)."""
    degradation: Degradation = "bicubic"
    """To upscale: how LR pictures are made. `bicubic` shrinks clean ones; `real` blurs, shrinks, adds noise and
    compresses, twice over, as Real-ESRGAN does."""
    variants: Annotated[int, Field(ge=0)] = 0
    """With `real`: each picture is degraded in this many ways, once and for all, and the teacher's answers are kept;
    at 0 every crop is degraded anew, and the teacher asked in every step."""
    gaps: list[Count] = [1, 2]
    """To interpolate: how many frames of a video lie from the one between to those around it; more is larger motion."""
    thin: Count = 1
    """To interpolate: one triplet in this many is used; those of a film are much alike."""
    synthesised: Share = 0.25
    """To interpolate: the share of each batch that is made by moving pieces of still photos."""

    @field_validator("sizes")
    @classmethod
    def _in_range(cls, sizes: list[float]) -> list[float]:
        if not sizes or not all(0 < size <= 1 for size in sizes):
            raise ValueError("needs factors above 0 and up to 1")
        return sizes

    @model_validator(mode="after")
    def _variants_of_something(self) -> Data:
        if self.variants and self.degradation == "bicubic":
            raise ValueError("variants are of degradation = 'real': bicubic shrinking has but one")
        return self


class Optimiser(_Section):
    """Adam, linear warm-up, cosine decay, clipped gradients, averaged weights."""

    lr: Positive = 1e-3
    final_lr: NotNegative = 1e-6
    warmup: Annotated[int, Field(ge=0)] = 0
    """Steps over which the learning rate rises from zero."""
    clip: Positive = 1.0
    """Largest norm of the gradient."""
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.999
    """Decay of the running average of the weights; the average is what is kept."""


class Quantize(_Section):
    """Training in imitated int8 (QAT) from the weights of a float run, `start`. For upscalers."""

    processor: Literal["cpu", "tensorrt"] = "cpu"
    """Which arithmetic is imitated: int8 differs between the two. Both can be exported."""
    picture: bool = False
    """Quantize also the layers that see the picture itself, which export otherwise keeps in float."""

    @property
    def signed(self) -> bool:
        """Whether activations are signed."""
        return self.processor == "tensorrt"


class Recipe(_Section):
    """One training run. `teacher = "none"` is plain training."""

    summary: str = ""
    seed: Annotated[int, Field(ge=0)] = 0
    steps: Count
    batch: Count = 16
    amp: bool = False
    """bfloat16 arithmetic where the device has it."""
    eval_every: Count = 1000
    teacher: str = "none"
    """A run folder, a checkpoint, or the name of a shipped teacher."""
    cache_gb: Positive = 8.0
    """Room on disk for the outputs of all teachers."""
    start: str = "none"
    """A run folder or a checkpoint of the same network, whose weights to start from; of another scale, all but its
    head's."""
    student: StudentChoice
    data: Data = Data()
    optimiser: Optimiser = Optimiser()
    quantize: Quantize | None = None
    loss: Annotated[list[LossChoice], Field(min_length=1)]
    limits: Limits = Limits()
    """What the student may lose once it is sealed."""
    card: Card = Card()
    """What to tell whoever gets the student."""

    def student_options(self) -> Any:
        """The student's options, checked against its catalog entry."""
        return self.student.options(NETWORKS, "[student]")

    def student_spec(self) -> ModelSpec:
        """The facts of the student."""
        return NETWORKS.get(self.student.name).spec(self.student_options())

    def dump(self) -> str:
        """The recipe as TOML."""
        return need("tomli_w", "train").dumps(self.model_dump(exclude_none=True))


def summaries() -> dict[str, str]:
    """Name of each shipped recipe -> its line about itself."""
    return {path.stem: _parse(path).get("summary", "") for path in sorted(SHIPPED.glob("*.toml"))}


def load(recipe: str, changes: Sequence[str] = (), train: Sequence[str] = ()) -> Recipe:
    """Read a shipped recipe by name or a TOML file, with `key.path=value` changes.

    `train`, where given, takes the place of the folders in `data.train`. Raises BadInput for a missing
    or malformed file and for an unknown key, naming the nearest.
    """
    path = Path(recipe) if recipe.endswith(".toml") else SHIPPED / f"{recipe}.toml"
    if not path.is_file():
        hint = "give the path of a TOML file" if recipe.endswith(".toml") else nearest(recipe, summaries())
        raise BadInput(f"no recipe '{recipe}'; {hint}")
    raw = _parse(path)
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise BadInput(f"--set {change} lacks a value; write --set key=value")
        _put(raw, key, _value(text))
    if train:
        _put(raw, "data.train", list(train))
    return _check(raw, str(path))


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as TOML: {error}") from error


def _check(raw: dict[str, Any], where: str) -> Recipe:
    """Validate a recipe's content, down to the options of its student and losses."""
    _refuse_unknown(raw, Recipe, where)
    try:
        recipe = Recipe.model_validate(raw)
    except ValidationError as error:
        raise BadInput(f"{where}: {first_problem(error)}") from error
    recipe.student_options()
    for loss in recipe.loss:
        loss.loss_options()
    if recipe.quantize:
        _require_quantizable(recipe, where)
    return recipe


def _require_quantizable(recipe: Recipe, where: str) -> None:
    """Raise BadInput where the rest of the recipe does not go with training in imitated int8."""
    if recipe.student_spec().task != "upscale":
        raise BadInput(f"{where}: [quantize] is for upscalers; int8 of the student {recipe.student.name} is calibrated")
    if recipe.start == "none":
        raise BadInput(f"{where}: [quantize] needs trained weights to go on from; give them with --set start=RUN")
    if recipe.amp:
        raise BadInput(f"{where}: [quantize] does not go with amp: bfloat16 has fewer digits than int8 needs")


def _refuse_unknown(raw: dict[str, Any], section: type[BaseModel], where: str) -> None:
    refuse_unknown(raw, section.model_fields, where)
    for key, value in raw.items():
        declared = section.model_fields[key].annotation
        for inner in (declared, *get_args(declared)):
            if isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, _Section | Limits | Card):
                _refuse_unknown(value, inner, f"[{key}] of {where}")


def _value(text: str) -> Any:
    """What follows `=` in a `--set`: TOML where it is TOML, otherwise the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _put(raw: dict[str, Any], key: str, value: Any) -> None:
    """Set `a.b.c` in a nested recipe; a number in the path picks from a list."""
    place: Any = raw
    *parents, last = key.split(".")
    try:
        for parent in parents:
            place = place[int(parent)] if isinstance(place, list) else place.setdefault(parent, {})
        place[int(last) if isinstance(place, list) else last] = value
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise BadInput(f"there is no '{key}' in the recipe to set") from error
