"""Options of networks and losses, checked against the dataclass that declares them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from .errors import BadInput, nearest

T = TypeVar("T")

Count = Annotated[int, Field(ge=1)]
"""Says of an option that it counts something: a whole number from 1 up."""
Share = Annotated[float, Field(ge=0, le=1)]
"""Says of an option that it lies in [0, 1]."""


def first_problem(error: ValidationError) -> str:
    """The first thing pydantic found wrong, as `key: reason`, or the reason alone of what is wrong as a whole."""
    problem = error.errors()[0]
    key, reason = ".".join(str(part) for part in problem["loc"]), problem["msg"].removeprefix("Value error, ")
    return f"{key}: {reason}" if key else reason


def option_names(declared: type) -> list[str]:
    """The keys that the dataclass `declared` knows."""
    return [field.name for field in fields(declared)]


def refuse_unknown(given: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raise BadInput for a key that is not known, naming the nearest that is."""
    known = list(known)
    for key in given:
        if key not in known:
            raise BadInput(f"unknown key '{key}' in {where}; {nearest(key, known)}")


def build_options(declared: type[T], given: Mapping[str, Any], where: str) -> T:
    """Make the frozen dataclass `declared` from `given`.

    Raises BadInput for an unknown key, naming the nearest, and for a value of the wrong kind.
    """
    refuse_unknown(given, option_names(declared), where)
    try:
        return TypeAdapter(declared).validate_python(dict(given))
    except ValidationError as error:
        raise BadInput(f"{where}: {first_problem(error)}") from error
