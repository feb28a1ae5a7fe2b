"""What is shipped says what made it, for what it is, and on what terms its training data was had."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pocketlens.core.bundle import read
from pocketlens.core.card import NOT_STATED
from pocketlens.core.locate import shipped_bundles
from pocketlens.core.manifest import Manifest
from pocketlens.export.provenance import card_of
from source import ROOT


@pytest.mark.parametrize("recipe", sorted(ROOT.glob("*/weights/*/recipe.toml")), ids=lambda path: path.parent.name)
def test_shipped_runs_state_the_licence_of_all_that_they_learned_from(recipe: Path):
    names = tomllib.loads(recipe.read_text(encoding="utf-8"))["data"]["train"]
    card = card_of(recipe.parent)
    assert [name for name in names if card.licence(name) == NOT_STATED] == []
    assert NOT_STATED not in (card.intended_use, card.not_for, card.limits)


@pytest.fixture(params=sorted(shipped_bundles()))
def shipped(request: pytest.FixtureRequest) -> Manifest:
    return read(shipped_bundles()[request.param]).manifest


def is_sha256(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def test_shipped_bundles_say_what_made_them(shipped: Manifest):
    made = shipped.provenance
    recipe, data = made["recipe"], made["data"]
    assert isinstance(recipe["seed"], int) and recipe["student"] and recipe["steps"] == made["steps"] > 0
    assert {"pocketlens", "torch"} <= made["trained_with"].keys()
    assert {"pocketlens", "torch", "onnx", "nncf"} <= made["versions"].keys()
    assert is_sha256(made["weights_sha256"]) and is_sha256(made["calibration"]["sha256"])
    for part in ("train", "val"):
        assert [folder["name"] for folder in data[part]] == recipe["data"][part]
        assert all(is_sha256(folder["sha256"]) and folder["files"] > 0 for folder in data[part])
    for model in ("teacher", "start"):
        if recipe.get(model, "none") in ("none", None):
            assert made[model] is None
        else:
            assert made[model]["name"] == recipe[model] and is_sha256(made[model]["weights_sha256"])


def test_shipped_bundles_say_what_they_are_for_and_what_they_learned_from(shipped: Manifest):
    card = shipped.card
    assert NOT_STATED not in (card.intended_use, card.not_for, card.limits)
    learned_from = [folder["name"] for folder in shipped.provenance["data"]["train"]]
    assert learned_from and [name for name in learned_from if card.licence(name) == NOT_STATED] == []


def test_shipped_bundles_show_how_their_training_went(shipped: Manifest):
    steps = [point["step"] for point in shipped.curve]
    assert steps and steps == sorted(set(steps)) and steps[-1] == shipped.provenance["steps"]
    assert all(len(point) > 1 for point in shipped.curve), "a score or a term of the loss at each step"
