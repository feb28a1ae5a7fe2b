"""What a model takes of this machine: time next to the reference, and memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

import numpy as np

from ...core.bundle import Bundle
from ...core.contract import Recording
from ...core.errors import MachineCannot
from ...core.latency import Recorded, judge_in_time, sealed
from ...core.turns import rounds
from ...core.verdict import Judgement, Verdict
from ..choose import Choice
from ..engine import all_threads
from ..machine import processor_name
from .clock import clock_for
from .memory import peak_mib
from .reference import REFERENCE, open_reference
from .row import counted

SIZE = 128, 192
"""Height and width of the frames that are timed: small enough for many turns in a minute."""
_OPENINGS = 3
_LEAST_ROUNDS = 16
"""Of each opening, however little time there is."""
_MOST_NOISE = 10.0
_WORTH = 0.1
"""By what share a less faithful precision must be faster to be taken for the fastest: at `SIZE` they are a few percent
nearer or further apart than on large frames."""
_HARM = 0.07
"""How much slower one model became than another per second that others had for each of its own; found were 0.055."""

Call = Callable[[], object]


def here() -> str:
    """The kind of machine on which a ratio holds: another processor, or half of its cores, has ratios of its own."""
    return f"{processor_name()}, {counted(all_threads(), 'core')}"


def record(bundle: Bundle, choice: Choice, threads: int, seconds: float) -> Recording:
    """Time a model next to the reference for about `seconds`, opened anew several times, and take its peak memory."""
    series, harm = [], watch(threads)
    for opening in range(_OPENINGS):
        with _trial(bundle, choice, threads) as candidate, _reference(threads) as reference:
            pairs = rounds(candidate, reference, seed=opening, clock=clock_for(threads))
            series.append(np.array(list(_for(seconds / _OPENINGS, pairs))))
    found, doubt = sealed(series), harm()
    return Recording(
        engine=choice.name,
        version=choice.engine.version(),
        precision=choice.precision,  # type: ignore[arg-type]
        threads=threads,
        processor=here(),
        reference=REFERENCE,
        ratio=found.ratio,
        noise=min(max(found.noise, doubt), _MOST_NOISE),
        memory_mib=peak_mib(bundle, choice.name, choice.precision, threads, SIZE),
    )


def quickest(bundle: Bundle, ways: Sequence[Choice], threads: int, seconds: float) -> Choice:
    """The fastest of some ways, the most faithful first; one that is hardly faster than those before it is passed over.

    Those that their engine states to be faster are timed next to the first, for about `seconds` altogether: of others
    small frames may say so, where large ones do not. Raises MachineCannot where the first does not run.
    """
    first = ways[0]
    others = [way for way in ways if way.speed > first.speed]
    best, most = first, 1.0
    with _trial(bundle, first, threads) as reference:
        for choice in others:
            with suppress(MachineCannot), _trial(bundle, choice, threads) as candidate:
                pairs = rounds(candidate, reference, clock=clock_for(threads))
                ratio = sealed([np.array(list(_for(seconds / len(others), pairs)))]).ratio
                if ratio > most * (1 + _WORTH):
                    best, most = choice, ratio
    return best


def slow_down(
    bundle: Bundle, choice: Choice, threads: int, recorded: Recorded, allowed: float, seconds: float
) -> Judgement:
    """How much slower a model is than when it was recorded."""
    with _trial(bundle, choice, threads) as candidate, _reference(threads) as reference:
        return _judged(candidate, reference, recorded, allowed, threads, seconds)


def slower_than(
    baseline: Bundle, bundle: Bundle, choice: Choice, threads: int, allowed: float, seconds: float
) -> Judgement:
    """How much slower a model is than another one, side by side."""
    with _trial(bundle, choice, threads) as candidate, _trial(baseline, choice, threads) as reference:
        return _judged(candidate, reference, Recorded(1.0), allowed, threads, seconds)


def _judged(
    candidate: Call, reference: Call, recorded: Recorded, allowed: float, threads: int, seconds: float
) -> Judgement:
    """The judgement, in which no failure counts that the load of this machine may explain."""
    harm, pairs = watch(threads), rounds(candidate, reference, clock=clock_for(threads))
    found = judge_in_time(pairs, recorded, deadline(seconds), allowed)
    if found.verdict == Verdict.FAIL and found.low < (doubt := harm()):
        told = f"this machine is busy, which alone may make {doubt:.0%}: measure on a quieter one"
        return replace(found, verdict=Verdict.UNDECIDED, why=told)
    return found


def watch(threads: int) -> Callable[[], float]:
    """By what share the load since this call may have made one model slower than another.

    Models differ in what they lose to a load: each time others had the core, caches are theirs. How heavy it was shows
    in the time that this process had, of what so many `threads` could have.
    """
    start, used = time.perf_counter(), time.process_time()

    def harm() -> float:
        share = (time.process_time() - used) / (time.perf_counter() - start) / threads
        return _HARM * max(0.0, 1 / max(share, 1e-3) - 1)

    return harm


def deadline(seconds: float) -> Callable[[], bool]:
    """Whether so many seconds from now have passed."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


@contextmanager
def _trial(bundle: Bundle, choice: Choice, threads: int) -> Iterator[Call]:
    with closing(choice.load(bundle, threads)) as network:
        yield network.trial(*SIZE)


@contextmanager
def _reference(threads: int) -> Iterator[Call]:
    program, call = open_reference(threads, *SIZE)
    with closing(program):
        yield call


def _for(seconds: float, pairs: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    late = deadline(seconds)
    for index, pair in enumerate(pairs):
        yield pair
        if index + 1 >= _LEAST_ROUNDS and late():
            return
