"""What is shipped says on what terms its training data was had."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pocketlens.core.card import NOT_STATED
from pocketlens.export.provenance import card_of
from source import ROOT


@pytest.mark.parametrize("recipe", sorted(ROOT.glob("*/weights/*/recipe.toml")), ids=lambda path: path.parent.name)
def test_shipped_runs_state_the_licence_of_all_that_they_learned_from(recipe: Path):
    names = tomllib.loads(recipe.read_text(encoding="utf-8"))["data"]["train"]
    card = card_of(recipe.parent)
    assert [name for name in names if card.licence(name) == NOT_STATED] == []
    assert NOT_STATED not in (card.intended_use, card.not_for, card.limits)
