"""Facts about models -> the page about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from ... import __version__
from ...core.html import Html, document, element, join
from ..machine import processor_name
from .card import card, provenance
from .model import Facts
from .overview import limits, overview
from .pictures import pictures
from .quality import EXPLAINED, quality
from .sensitivity import Sensitivity
from .speed import speed
from .training import curves, layers
from .views import Comparison


def page(found: Sequence[Facts], shown: Sequence[Comparison], sensitivities: Sequence[Sensitivity]) -> str:
    """All of it as HTML, topic by topic, in each the models side by side."""
    alone = len(found) == 1
    trained = [facts for facts in found if facts.model.manifest.curve]
    topics = {
        "Limits": _side_by_side(found, limits, alone),
        "Quality": join(_side_by_side(found, quality, alone), element("p", EXPLAINED, class_="quiet")),
        "Pictures": pictures(shown),
        "Speed": speed(found),
        "Training": _side_by_side(trained, lambda facts: curves(facts.model.manifest.curve), alone),
        "Layers in int8": join(*(element("div", element("h3", one.network), layers(one)) for one in sensitivities)),
        "Model card": _side_by_side(found, card, alone),
        "Provenance": _side_by_side(found, provenance, alone),
    }
    topics = {name: content for name, content in topics.items() if content}
    made = datetime.now(UTC).strftime("%d %B %Y")
    told = f"Measured on {made} with pocketlens {__version__} on {processor_name()}."
    title = ", ".join(facts.model.label for facts in found)
    return document(
        f"{title}: report",
        element("h1", title),
        element("p", told, class_="quiet"),
        overview(found),
        _contents(list(topics)),
        *(element("section", element("h2", name, id=_anchor(name)), content) for name, content in topics.items()),
    )


def as_json(found: Sequence[Facts]) -> dict[str, Any]:
    """The numbers on the page."""
    return {"models": [_model(facts) for facts in found]}


def _model(facts: Facts) -> dict[str, Any]:
    manifest, measured = facts.model.manifest, facts.examined.measured
    return {
        "name": facts.model.label,
        "task": manifest.task,
        "degradation": manifest.degradation,
        "verdict": str(facts.verdict),
        "limits": [row.as_json() for row in facts.examined.rows],
        "quality": manifest.quality,
        "measured": [
            {"engine": engine, "precision": precision, "scores": dict(each.scores),
             "tiled": each.soundness.tiled, "odd_sizes": each.soundness.odd_sizes}
            for (engine, precision), each in measured.items()
        ],
        "speed": facts.speed,
        "memory_mib": {" ".join(way): mib for way, mib in facts.memory.items()},
        "curves": manifest.curve,
        "card": manifest.card.model_dump(),
        "provenance": manifest.provenance,
    }  # fmt: skip


def _side_by_side(found: Sequence[Facts], draw: Callable[[Facts], Html], alone: bool) -> Html:
    """Each model under its name, which the only one on a page needs not."""
    if alone:
        return join(*map(draw, found))
    named = [element("div", element("h3", facts.model.label), draw(facts)) for facts in found]
    return element("div", *named, class_="models") if named else Html()


def _contents(names: Sequence[str]) -> Html:
    links = [element("li", element("a", name, href=f"#{_anchor(name)}")) for name in names]
    return element("nav", element("ul", *links), aria_label="on this page")


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
