"""The curves of a training run: one row of JSON for each look at it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from .facts import Label

CURVES = "metrics.jsonl"
_MOST = 1e15
_MOST_ROWS = 50
_DIGITS = 6

Row = Annotated[
    dict[Label, Annotated[float, Field(ge=-_MOST, le=_MOST, allow_inf_nan=False)]], Field(min_length=1, max_length=50)
]
"""What was found at a step, by its name; the `step` is among it."""
Curve = Annotated[list[Row], Field(max_length=_MOST_ROWS)]


def read_curves(file: Path) -> list[dict[str, Any]]:
    """The rows so far; what follows a half-written one is dropped, and a file that is missing has none."""
    rows = []
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                break
            if not isinstance(row, dict):
                break
            rows.append(row)
    return rows


def thinned(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """As many rows as tell a curve, evenly taken from the first to the last, and the numbers in them."""
    numbers = [{key: round(value, _DIGITS) for key, value in row.items() if is_number(value)} for row in rows]
    told = [row for row in numbers if "step" in row]
    if len(told) <= _MOST_ROWS:
        return told
    step = (len(told) - 1) / (_MOST_ROWS - 1)
    return [told[round(place * step)] for place in range(_MOST_ROWS)]


def is_number(value: Any) -> bool:
    """Whether it can be drawn and written."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MOST
