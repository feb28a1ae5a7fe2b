"""How a model came to be: curves, layers, and what its maker says of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...core.card import NOT_STATED
from ...core.errors import told
from ...core.html import Html, definitions, element, join, table
from .chart import bar, lines
from .model import Facts
from .sensitivity import Sensitivity

_MOST_ROWS = 40
_MOST_FACTS = 400
_METRICS = ("psnr_y", "psnr_rgb")


def curves(rows: Sequence[Mapping[str, Any]]) -> Html:
    """Score and loss terms over the steps."""
    numbers = [{key: value for key, value in row.items() if _is_number(value)} for row in rows]
    keys = list(dict.fromkeys(key for row in numbers for key in row if key not in ("step", "seconds")))

    def series(wanted: list[str]) -> dict[str, list[tuple[float, float]]]:
        return {key: [(row["step"], row[key]) for row in numbers if key in row and "step" in row] for key in wanted}

    scores, losses = ([key for key in keys if (key in _METRICS) is kind] for kind in (True, False))
    drawn = []
    for wanted, unit, logarithmic in ((scores, "dB", False), (losses, "loss before weighting", True)):
        for points in [series(wanted)] if wanted else []:
            drawn.append(lines(points, "step", unit, _summary(points), logarithmic))
            drawn.append(element("p", _summary(points), class_="quiet"))
    kept = numbers[:: max(1, math.ceil(len(numbers) / _MOST_ROWS))]
    head = ["step", *keys]
    cells = [
        [f"{row.get('step', math.nan):,}", *(f"{row[key]:.4g}" if key in row else "-" for key in keys)] for row in kept
    ]
    rows_ = element("details", element("summary", "as a table"), table("The curves in numbers", head, cells))
    return join(*drawn, rows_)


def layers(found: Sensitivity) -> Html:
    """What int8 in each layer alone costs, and what leaving some in float mends."""
    most = max([layer.lost for layer in found.layers], default=0.0) or 1.0
    rows = [
        [layer.name, bar(layer.lost / most, f"{layer.lost:.3f} dB"), f"{layer.lost:.3f}", f"{layer.share_of_work:.1%}",
         "-" if layer.psnr_to_fp32 is None else f"{layer.psnr_to_fp32:.2f}"]
        for layer in found.layers
    ]  # fmt: skip
    head = ["layer", "", "lost, dB", "of the work", "PSNR to fp32, dB"]
    sets = [
        [name, f"{one.lost:.3f}", f"{one.share_of_work:.1%}", ", ".join(one.in_float) or "none"]
        for name, one in found.float_sets.items()
        if one
    ]
    chosen = table("What is lost when some layers stay in float", ["", "lost, dB", "of the work", "in float"], sets)
    return join(table("Only this layer in int8", head, rows), chosen if sets else Html())


def card(facts: Facts) -> Html:
    """What its maker says."""
    card = facts.model.manifest.card
    trained_on = _recipe(facts).get("data")
    names = trained_on.get("train", []) if isinstance(trained_on, dict) else []
    names = [*dict.fromkeys([*map(_said, names if isinstance(names, list) else []), *(one.name for one in card.data)])]
    words = {"Intended use": card.intended_use, "Not for": card.not_for, "Limits": card.limits}
    rows = [[name, card.licence(name)] for name in names]
    data = table("Training data", ["pictures or clips", "licence, as its maker states it"], rows)
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
        "Training took": f"{origin['seconds']:,.0f} s" if _is_number(origin.get("seconds")) else None,
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


def _said(value: Any) -> str:
    """A sealed fact, which a stranger may have written, in words."""
    if value is None:
        return NOT_STATED
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(item)}" for key, item in value.items())[:600] or NOT_STATED
    return value[:600] if isinstance(value, str) else told(value)


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if pairs is None:
        yield path, _said(value)
        return
    for key, item in pairs:
        yield from _leaves(item, (*path, str(key)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def _summary(series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    told_of = [
        f"{name}: {points[0][1]:.4g} at step {points[0][0]:,.0f}, {points[-1][1]:.4g} at step {points[-1][0]:,.0f}"
        for name, points in series.items()
        if points
    ]
    return "; ".join(told_of)
