"""Options checked against the dataclass that declares them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest
from pocketlens.core.errors import BadInput
from pocketlens.core.options import Count, Share, build_options


@dataclass(frozen=True)
class Options:
    scale: Literal[2, 4] = 2
    blocks: Count = 3
    alpha: Share = 0.5


def test_what_is_not_given_has_its_default():
    assert build_options(Options, {"scale": 4}, "[student]") == Options(4, 3, 0.5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"blokcs": 4}, r"unknown key 'blokcs' in \[student\]; did you mean 'blocks'\?"),
        ({"zzz": 4}, r"unknown key 'zzz' in \[student\]; known: alpha, blocks, scale"),
        ({"blocks": "many"}, r"\[student\]: blocks: .*integer"),
        ({"blocks": 0}, "blocks: .*greater than or equal to 1"),
        ({"scale": 3}, "scale: .*2 or 4"),
        ({"alpha": 1.5}, "alpha: .*less than or equal to 1"),
    ],
)
def test_a_wrong_option_is_named_with_its_place(given: dict[str, Any], message: str):
    with pytest.raises(BadInput, match=message):
        build_options(Options, given, "[student]")
