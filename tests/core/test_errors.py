"""Lines about what went wrong."""

from __future__ import annotations

import pytest
from pocketlens.core.errors import told


@pytest.mark.parametrize(
    ("value", "line"),
    [("a", "'a'"), (1.5, "1.5"), ("x" * 1000, "'" + "x" * 59), (pow(10, 5000), "int"), ("two\nlines", r"'two\nlines'")],
    ids=["text", "number", "long", "enormous", "lines"],
)
def test_any_value_is_told_in_a_few_letters(value: object, line: str):
    assert told(value) == line
