"""Is a model as fast as when it was sealed? An answer from noisy times that may be asked for after every round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .anytime import SETTLE, interval
from .limits import LATENCY
from .verdict import Judgement, Verdict

_FIRST_LOOK = 16
"""Rounds before which nothing can be decided."""
_QUIET = 0.5
"""Share of the rounds that count, those in which the machine was least busy."""
_ANEW = 0.02
"""What opening a model anew, and what minutes, change in its ratio, as a share: see docs/gates.md."""
_ONE_SIDED = 0.5
"""Median deviations by which the centre moves, at most, when a fifth of the rounds are pushed to one side."""


@dataclass(frozen=True)
class Recorded:
    """What was sealed of one engine."""

    ratio: float
    """How many times as fast as the reference in the same run."""
    noise: float = 0.0
    """By what share it was uncertain on the machine that sealed it."""

    @property
    def doubt(self) -> float:
        """By what share it is, at least: that a few openings agree may be chance."""
        return max(self.noise, _ANEW)


def sealed(openings: Sequence[np.ndarray]) -> Recorded:
    """What to record of (rounds, 2) seconds of candidate and reference, from models opened anew for each series.

    The noise is the half width of the interval, or the spread between series if that is more: where a model comes to
    lie in memory is settled as it is opened, and may cost some percent.
    """
    series = [_slowness(seconds) for seconds in openings]
    middles = [float(np.median(values)) for values in series]
    low, high = interval(np.concatenate(series))
    return Recorded(float(np.exp(-np.median(middles))), float(np.expm1(max((high - low) / 2, np.ptp(middles)))))


def judge(seconds: np.ndarray, recorded: Recorded, allowed: float = LATENCY) -> Judgement:
    """(rounds, 2) seconds of candidate and reference from `turns.rounds` -> slow-down against what was sealed, a share.

    A model that is slower by `allowed` or more is to fail, one as fast as it was sealed is to pass, and either may seem
    so by `recorded.doubt` more or less. The line lies halfway between the two: what is surely above it fails, and what
    is surely below it passes. Where loads treat both models alike, either goes wrong with a chance of at most 0.5 %, in
    however many looks. The doubt of a busy machine takes half of the way to the line, at most, or nothing would show.
    """
    values = _slowness(seconds) + np.log(recorded.ratio)
    line = (recorded.doubt + allowed) / 2
    ends = _doubted(values, most=(allowed - recorded.doubt) / 4)
    value, low, high = (float(np.expm1(end)) for end in (np.median(values), *ends))
    if low > line:
        return Judgement(value, low, high, Verdict.FAIL)
    if high < line:
        return Judgement(value, low, high, Verdict.PASS)
    return Judgement(value, low, high, Verdict.UNDECIDED, "the machine is too busy to tell: give it more time")


def judge_in_time(
    pairs: Iterable[tuple[float, float]],
    recorded: Recorded | None,
    out_of_time: Callable[[], bool],
    allowed: float = LATENCY,
) -> Judgement:
    """`judge` on ever more rounds of `pairs`, an eighth more each time, until it is decided or `out_of_time`.

    Undecided without a round where no ratio was sealed, or one that is not known as well as `allowed` asks.
    """
    if recorded is None:
        return _unknown("no ratio was sealed for this engine")
    if recorded.doubt >= allowed:
        return _unknown(
            f"the sealed ratio is uncertain by {recorded.doubt:.0%}: seal it on a quieter machine, or allow more"
        )
    seconds: list[tuple[float, float]] = []
    found, look = _unknown("no round was timed"), _FIRST_LOOK
    for pair in pairs:
        seconds.append(pair)
        late = out_of_time()
        if late or len(seconds) >= look:
            found, look = judge(np.array(seconds), recorded, allowed), look + look // 8
            if late or found.verdict != Verdict.UNDECIDED:
                break
    return found


def _unknown(why: str) -> Judgement:
    return Judgement(np.nan, -np.inf, np.inf, Verdict.UNDECIDED, why)


def _doubted(values: np.ndarray, most: float) -> tuple[float, float]:
    """The interval, widened by what a load may do that harms one model more than the other: it takes caches from both.

    No number of rounds tells that from a slow-down, but it comes with spread. Huber's greatest bias of a median, when
    a share e of the values may lie anywhere, is the quantile 1 / (2 (1 - e)) of their distribution (1964,
    section 5). It is held to `most`, as a load that is only noisy must not forbid an answer for ever.
    """
    doubt = min(_ONE_SIDED * float(np.median(abs(values - np.median(values)))), most)
    low, high = interval(values)
    return low - doubt, high + doubt


def _slowness(seconds: np.ndarray) -> np.ndarray:
    """Logarithms of how many times as slow as the reference, in the rounds that count.

    A busy machine is not only noisy: full caches and memory do more harm to one model than to another. So of the
    rounds after the first few only those count whose product of both times is no more than a quantile of those
    just before; swapping who met which load would not change the product, so the choice favours neither.
    """
    logs = np.log(seconds)
    busy, known = logs.sum(axis=1), SETTLE
    counts = np.ones(len(logs), bool)
    while known < len(logs):
        counts[known : 2 * known] = busy[known : 2 * known] <= np.quantile(busy[known // 2 : known], _QUIET)
        known *= 2
    return (logs[:, 0] - logs[:, 1])[counts]
