"""Calls timed in turns, so that what slows the machine slows all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

_WARM_UP = 3
_IN_A_ROW = 8
"""Calls in a turn, as in a stream: the first one after another engine's finds its data and threads cold."""


def timed(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, np.ndarray]:
    """Milliseconds a call of each in each round, three rounds left out."""
    series: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + _WARM_UP):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(_IN_A_ROW):
                call()
            series[name].append((time.perf_counter() - start) * 1e3 / _IN_A_ROW)
    return {name: np.array(values[_WARM_UP:]) for name, values in series.items()}


def medians(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Milliseconds of each call."""
    return {name: float(np.median(series)) for name, series in timed(calls, rounds).items()}
