"""The losses of `quantize --explain` as PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..core.files import whole


def draw(told: dict[str, Any], path: Path) -> None:
    """A bar for each layer, the worst on top; those that the smallest float set keeps in float are dark."""
    from matplotlib.figure import Figure

    layers = told["layers"]
    names = [one["name"] for one in layers]
    smallest = told["float_sets"]["smallest"]
    kept = names if smallest is None else smallest["float"]
    figure = Figure(figsize=(7, 1.2 + 0.3 * len(layers)), layout="constrained")
    axes = figure.subplots()
    for label, colour, shown in (("in float to meet the limit", "black", True), ("int8", "tab:blue", False)):
        places = [place for place, name in enumerate(names) if (name in kept) == shown]
        if places:
            axes.barh(places, [layers[place]["lost"] for place in places], color=colour, label=label)
    axes.axvline(told["limit"], color="tab:red", linestyle="--", label=f"limit of all together, {told['limit']:g} dB")
    axes.set(xlabel=f"dB lost by {told['network']} where only this layer is in int8")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.legend()
    with whole(path) as draft:
        figure.savefig(draft, dpi=110)
