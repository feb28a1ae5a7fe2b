"""How a training went, and what int8 in each layer costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.html import Html, element, join, table
from .chart import bar, lines
from .sensitivity import Sensitivity

_SCORES = ("psnr_y", "psnr_rgb")
_NO_CURVES = ("step", "seconds")

Series = Mapping[str, Sequence[tuple[float, float]]]


def curves(rows: Sequence[Mapping[str, float]]) -> Html:
    """Scores and loss terms over the steps."""
    numbers = [row for row in rows if "step" in row]
    keys = list(dict.fromkeys(key for row in numbers for key in row if key not in _NO_CURVES))
    found = {key: [(row["step"], row[key]) for row in numbers if key in row] for key in keys}
    scores = _chart({key: points for key, points in found.items() if key in _SCORES}, "dB")
    losses = _chart({key: points for key, points in found.items() if key not in _SCORES}, "loss before weighting", True)
    cells = [[f"{row['step']:,.0f}", *(f"{row[key]:.4g}" if key in row else "-" for key in keys)] for row in numbers]
    whole = table("The curves in numbers", ["step", *keys], cells)
    return join(
        element("div", scores, losses, class_="charts"),
        element("details", element("summary", "the curves in numbers"), whole),
    )


def _chart(series: Series, unit: str, logarithmic: bool = False) -> Html:
    if not series:
        return Html()
    told = "; ".join(
        f"{name}: {points[0][1]:.4g} at step {points[0][0]:,.0f}, {points[-1][1]:.4g} at step {points[-1][0]:,.0f}"
        for name, points in series.items()
    )
    return element("div", lines(series, "step", unit, told, logarithmic), element("p", told, class_="quiet"))


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
