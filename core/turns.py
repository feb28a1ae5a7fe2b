"""Two calls timed in turns of equal length and random order: how latency is sealed, and how it is verified."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

_LEAST_CALLS = 3
_WARM_UP = 0.2
"""Seconds."""


def rounds(
    candidate: Callable[[], object],
    reference: Callable[[], object],
    turn: float = 0.1,
    seed: int = 0,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[tuple[float, float]]:
    """Seconds a call of the candidate and of the reference, round after round without end.

    In a round each has one turn of about `turn` seconds, at least three calls, so that whatever else the machine does
    meets both alike however much slower one of them is. The first call of a turn is not counted: it finds caches and
    threads cold after the other's, which no call in a stream does. A coin says who goes first (Fisher, The Design of
    Experiments, 1935, chapter 2): a load, of whatever rhythm, cannot know whom it hits, and `latency` needs no more.
    """
    coin = np.random.default_rng(seed)
    calls = candidate, reference
    counts = [max(_LEAST_CALLS, round(turn / _warm(call, clock))) for call in calls]
    while True:
        seconds = [0.0, 0.0]
        for index in coin.permutation(2):
            seconds[index] = _turn(calls[index], counts[index], clock)
        yield seconds[0], seconds[1]


def _turn(call: Callable[[], object], count: int, clock: Callable[[], float]) -> float:
    call()
    start = clock()
    for _ in range(count):
        call()
    return (clock() - start) / count


def _warm(call: Callable[[], object], clock: Callable[[], float]) -> float:
    """Seconds of its fastest call, after which it is warm."""
    fastest, end = min(_turn(call, 1, clock) for _ in range(_LEAST_CALLS)), clock() + _WARM_UP
    while clock() < end:
        fastest = min(fastest, _turn(call, 1, clock))
    return fastest
