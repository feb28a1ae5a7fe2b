"""Model cards: honest where nothing is stated, and bounded, for strangers write them."""

from __future__ import annotations

import pytest
from pocketlens.core.card import NOT_STATED, Card
from pydantic import ValidationError


def test_what_nobody_stated_is_said_to_be_so():
    card = Card()
    assert {card.intended_use, card.not_for, card.limits, card.licence("T91")} == {NOT_STATED}


def test_each_training_set_has_its_licence():
    card = Card.model_validate({"data": [{"name": "T91", "licence": "research"}, {"name": "mine"}]})
    assert [card.licence(name) for name in ("T91", "mine", "other")] == ["research", NOT_STATED, NOT_STATED]


@pytest.mark.parametrize(
    "wrong",
    [
        {"intended_use": ""},
        {"intended_use": "a" * 2001},
        {"not_for": "a\x1b[2J"},
        {"data": [{"name": "a"}] * 51},
        {"data": [{"name": "a", "url": "b"}]},
        {"purpose": "a"},
    ],
)
def test_what_is_too_long_or_unknown_or_moves_the_cursor_is_refused(wrong: dict):
    with pytest.raises(ValidationError):
        Card.model_validate(wrong)
