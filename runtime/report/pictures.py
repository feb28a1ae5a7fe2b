"""Pictures before and after, and maps of what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.html import Html, comparable, element, figures, join
from ...core.metrics import PERFECT
from .views import MOST_APART, MOST_WRONG, Comparison


def pictures(shown: Sequence[Comparison]) -> Html:
    """All comparisons."""
    if not shown:
        return element("p", "No pictures: the models come without samples, and no --data was given.")
    note = (
        "Of each set, from the picture that the first model does worst to the one it does best. On maps of what "
        f"differs from the truth, black is equal and the brightest yellow {MOST_WRONG} grey levels or more; on those "
        f"of int8 less fp32, {MOST_APART}. {PERFECT:.0f} dB are as good as equal."
    )
    return join(element("p", note, class_="quiet"), *(_one(at + 1, each) for at, each in enumerate(shown)))


def _one(number: int, found: Comparison) -> Html:
    name = f"Picture {number}, of {found.source}"
    maps = figures(found.errors, f"{name}, map of what differs", found.notes)
    return element("section", element("h3", name), comparable(figures(found.views, name, found.notes), maps))
