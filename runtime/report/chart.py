"""Small drawings as inline SVG, which a screen reader is told in a line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ...core.html import Html, element

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 360, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 8, 8, 36
_STROKES = (("#0b5cad", None), ("#b3420a", "7 3"), ("#0a6b4b", "2 3"), ("#8a3a78", "9 3 2 3"), ("#1b1f24", "4 4"))
"""Colour and dashes: lines are told apart without colours, too."""
_STRIP = 180, 30
_BINS = 45


def lines(series: Mapping[str, Points], x: str, y: str, told: str, logarithmic: bool = False) -> Html:
    """Lines by their names over a common axis; a value that a logarithm cannot show is left out."""
    shown = {name: [(a, b) for a, b in points if b > 0 or not logarithmic] for name, points in series.items()}
    places = [point for points in shown.values() for point in points]
    across = _Scale([a for a, _ in places], _LEFT, _WIDTH - _RIGHT)
    up = _Scale([b for _, b in places], _HEIGHT - _BOTTOM, _TOP, logarithmic)
    drawn = [_line([(across(a), up(b)) for a, b in points], at) for at, points in enumerate(shown.values())]
    picture = element("svg", *_axes(across, up, x, y), *drawn, role="img", aria_label=told,
                      viewBox=f"0 0 {_WIDTH} {_HEIGHT}")  # fmt: skip
    return element("div", _legend(list(series)), picture, class_="chart")


def strip(values: np.ndarray, low: float, high: float, marks: Iterable[float], told: str) -> Html:
    """A histogram over a logarithmic axis from `low` to `high`, with lines at `marks`."""
    width, height = _STRIP
    across = _Scale([low, high], 1, width - 1, logarithmic=True)
    edges = np.geomspace(low, high, _BINS + 1)
    counts = np.histogram(np.clip(values, low, high), edges)[0]
    bars = [
        element("rect", x=f"{across(left):.1f}", y=f"{height - tall:.1f}", width=f"{(width - 2) / _BINS:.1f}",
                height=f"{tall:.1f}", fill="#0b5cad")
        for left, count in zip(edges, counts, strict=False)
        if (tall := float(count / counts.max() * (height - 2)))
    ]  # fmt: skip
    ticks = [_stroke(across(mark), 0, across(mark), height, "#b3420a") for mark in marks]
    base = _stroke(0, height - 0.5, width, height - 0.5, "#d8dee4")
    return element("svg", base, *bars, *ticks, role="img", aria_label=told, viewBox=f"0 0 {width} {height}",
                   width=width, height=height)  # fmt: skip


def bar(share: float, told: str) -> Html:
    """How much of the most there is."""
    width = max(0.0, min(1.0, share)) * 160
    filled = element("rect", width=f"{width:.1f}", height=12, fill="#0b5cad")
    return element("svg", filled, role="img", aria_label=told, viewBox="0 0 160 12", width=160, height=12)


class _Scale:
    """Values -> places between two ends."""

    def __init__(self, values: Sequence[float], start: float, end: float, logarithmic: bool = False) -> None:
        self._start, self._end, self.logarithmic = start, end, logarithmic
        low, high = (min(values), max(values)) if values else (1.0, 2.0)
        if low == high:
            low, high = (low / 2, high * 2) if logarithmic else (low - 1, high + 1)
        self.low, self.high = low, high

    def __call__(self, value: float) -> float:
        low, high, at = ((math.log10(v) if self.logarithmic else v) for v in (self.low, self.high, value))
        return self._start + (at - low) / (high - low) * (self._end - self._start)

    def ticks(self) -> list[float]:
        """Round values between the ends, a few."""
        if self.logarithmic and self.high / self.low > 5:
            exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            round_ones = [step * 10.0**exponent for exponent in exponents for step in (1, 2, 5)]
            inside = [value for value in round_ones if self.low <= value <= self.high]
            return inside[:: math.ceil(len(inside) / 5)]
        rough = (self.high - self.low) / 4
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(step * power for step in (1, 2, 5, 10) if step * power >= rough)
        return [n * step for n in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def _axes(across: _Scale, up: _Scale, x: str, y: str) -> list[Html]:
    floor, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    drawn = []
    for value in up.ticks():
        drawn.append(_stroke(_LEFT, up(value), right, up(value), "#d8dee4"))
        drawn.append(element("text", f"{value:.4g}", x=_LEFT - 5, y=f"{up(value) + 4:.1f}", text_anchor="end"))
    for value in across.ticks():
        drawn.append(element("text", f"{value:,.10g}", x=f"{across(value):.1f}", y=floor + 14, text_anchor="middle"))
    middle = (floor + _TOP) / 2
    drawn.append(element("text", x, x=(_LEFT + right) / 2, y=_HEIGHT - 5, text_anchor="middle"))
    drawn.append(element("text", y, x=0, y=0, text_anchor="middle", transform=f"translate(11 {middle}) rotate(-90)"))
    return drawn


def _line(places: Points, at: int) -> Html:
    colour, dashes = _STROKES[at % len(_STROKES)]
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    return element("polyline", points=points, fill="none", stroke=colour, stroke_width=2, stroke_dasharray=dashes,
                   stroke_linejoin="round")  # fmt: skip


def _legend(names: Sequence[str]) -> Html:
    entries = []
    for at, name in enumerate(names):
        sample = element("svg", _line([(0, 5), (24, 5)], at), width=24, height=10, aria_hidden="true")
        entries.append(element("li", sample, name))
    return element("ul", *entries, class_="legend")


def _stroke(x1: float, y1: float, x2: float, y2: float, colour: str) -> Html:
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return element("line", stroke=colour, **{key: f"{value:.1f}" for key, value in ends.items()})
