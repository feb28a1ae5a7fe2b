"""What the maker of a model says of it, and where it is from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...core.card import NOT_STATED
from ...core.curves import is_number
from ...core.errors import told
from ...core.html import Html, definitions, element, join, table
from .model import Facts
from .quality import lr_pictures

_MOST_FACTS = 400
_LONG = 600
"""Letters of one fact that are shown."""


def card(facts: Facts) -> Html:
    """What its maker says."""
    card = facts.model.manifest.card
    trained_on = _recipe(facts).get("data")
    names = trained_on.get("train", []) if isinstance(trained_on, dict) else []
    names = [*dict.fromkeys([*map(_said, names if isinstance(names, list) else []), *(one.name for one in card.data)])]
    words = {"Intended use": card.intended_use, "Not for": card.not_for, "Limits": card.limits}
    if made := lr_pictures(facts.model.manifest):
        words["Scored on pictures"] = made
    hashes = _hashes(facts)
    rows = [[name, card.licence(name), hashes.get(name, "not recorded")] for name in names]
    head = ["pictures or clips", "licence, as its maker states it", "sha256 of its files"]
    data = table("Training data", head, rows)
    return join(definitions(words), data if rows else element("p", f"Training data: {NOT_STATED}."))


def provenance(facts: Facts) -> Html:
    """Where it is from: the main things in words, and everything below them."""
    manifest = facts.model.manifest
    recipe, origin = _recipe(facts), manifest.provenance
    main = {
        "Recipe": recipe.get("summary"),
        "Student": manifest.network,
        "Teacher": origin.get("teacher") or recipe.get("teacher"),
        "Started from": recipe.get("start"),
        "Steps": origin.get("steps"),
        "Seed": recipe.get("seed"),
        "Training took": f"{origin['seconds']:,.0f} s" if is_number(origin.get("seconds")) else None,
        "Weights": origin.get("weights_sha256"),
        "Calibration": origin.get("calibration"),
        "Versions": origin.get("versions"),
    }
    sets = manifest.contract.sets if manifest.contract else {}
    hashes = {f"{name}, {data.pictures} pictures": data.sha256 for name, data in sets.items()}
    all_facts = [[".".join(path), leaf] for path, leaf in _leaves(origin)][:_MOST_FACTS]
    files = [[name, f"{len(data):,}", manifest.files.get(name, "")] for name, data in facts.model.bundle.files.items()]
    return join(
        definitions({key: _said(value) for key, value in (main | hashes).items()}),
        _folded("everything that was sealed", table("Provenance", ["", "is"], all_facts)),
        _folded("its files and their hashes", table("Files", ["file", "bytes", "sha256"], files)),
    )


def _folded(what: str, content: Html) -> Html:
    return element("details", element("summary", what), content)


def _recipe(facts: Facts) -> dict[str, Any]:
    recipe = facts.model.manifest.provenance.get("recipe")
    return recipe if isinstance(recipe, dict) else {}


def _hashes(facts: Facts) -> dict[str, str]:
    """Name of each training set -> its hash, where the run recorded one."""
    data = facts.model.manifest.provenance.get("data")
    sets = data.get("train") if isinstance(data, dict) else None
    told = [one for one in sets if isinstance(one, dict)] if isinstance(sets, list) else []
    return {_said(one.get("name")): _said(one.get("sha256")) for one in told}


def _said(value: Any) -> str:
    """A sealed fact, which a stranger may have written, in words."""
    if value is None:
        return NOT_STATED
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(item)}" for key, item in value.items())[:_LONG] or NOT_STATED
    return value[:_LONG] if isinstance(value, str) else told(value)


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if pairs is None:
        yield path, _said(value)
        return
    for key, item in pairs:
        yield from _leaves(item, (*path, str(key)))
