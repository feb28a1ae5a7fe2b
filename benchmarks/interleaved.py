"""Calls timed in turns, so that what slows the machine slows all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

Turn = Callable[[int], Sequence[float]]
"""Makes so many calls in a row; gives the milliseconds of each."""

_WARM_UP = 2
_TURN = 100.0
"""Milliseconds that a turn lasts, at least: as in a stream, calls follow their like."""
_LEAST = 2


def turn_of(call: Callable[[], object]) -> Turn:
    """Turns of a function of this process."""

    def turn(count: int) -> list[float]:
        times = [time.perf_counter()]
        for _ in range(count):
            call()
            times.append(time.perf_counter())
        return [(after - before) * 1e3 for before, after in pairwise(times)]

    return turn


def in_turns(turns: Mapping[str, Turn], rounds: int) -> dict[str, np.ndarray]:
    """Milliseconds of calls, (rounds, calls of a turn), of each.

    The first call of a turn is not among them: it finds caches and threads cold after another's, which no call in a
    stream does. Each round begins with another one, for whoever follows a long turn has a cooler, or a busier, machine.
    """
    counts = {name: _calls(turn) for name, turn in turns.items()}
    series: dict[str, list[Sequence[float]]] = {name: [] for name in turns}
    order = [*turns]
    for _ in range(rounds):
        for name in order:
            series[name].append(turns[name](1 + counts[name])[1:])
        order.append(order.pop(0))
    return {name: np.array(values) for name, values in series.items()}


def _calls(turn: Turn) -> int:
    """How many make a turn, seen on a few that warm it up."""
    fastest = min(turn(_WARM_UP))
    return max(_LEAST if fastest < _TURN else 1, round(_TURN / fastest))


def timed(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, np.ndarray]:
    """Milliseconds a call of each in each round."""
    found = in_turns({name: turn_of(call) for name, call in calls.items()}, rounds)
    return {name: values.mean(axis=1) for name, values in found.items()}


def medians(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Milliseconds of each call."""
    return {name: float(np.median(series)) for name, series in timed(calls, rounds).items()}


def percentiles(milliseconds: np.ndarray) -> dict[str, float]:
    """The median call, and how slow the slowest in 20 and in 100 are."""
    found = np.percentile(milliseconds, (50, 95, 99))
    return {f"p{mark}_ms": float(value) for mark, value in zip((50, 95, 99), found, strict=True)}


def noise(milliseconds: np.ndarray, again: np.ndarray) -> float:
    """How far the medians of two series of one call lie apart, as a share: less is no difference."""
    return abs(float(np.median(again) / np.median(milliseconds)) - 1)
