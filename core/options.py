"""Options of networks and losses, checked against the dataclass that declares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from .errors import BadInput, nearest

T = TypeVar("T")


def first_problem(error: ValidationError) -> str:
    """The first thing pydantic found wrong, as `key: reason`."""
    problem = error.errors()[0]
    return f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"


def build_options(declared: type[T], given: Mapping[str, Any], where: str) -> T:
    """Make the frozen dataclass `declared` from `given`.

    Raises BadInput for an unknown key, naming the nearest, and for a value of the wrong kind.
    """
    known = [field.name for field in fields(declared)]  # type: ignore[arg-type]
    for key in given:
        if key not in known:
            raise BadInput(f"unknown key '{key}' in {where}; {nearest(key, known)}")
    try:
        return TypeAdapter(declared).validate_python(dict(given))
    except ValidationError as error:
        raise BadInput(f"{where}: {first_problem(error)}") from error
