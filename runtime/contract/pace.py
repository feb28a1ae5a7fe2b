"""As fast, and as small in memory, as when it was recorded? Each limit, and the answer."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator

from ...core.bundle import Bundle
from ...core.contract import Recording
from ...core.errors import BadInput, MachineCannot
from ...core.latency import Recorded
from ...core.limits import Limits
from ...core.progress import Advance
from ...core.verdict import Judgement, Verdict
from ..choose import Choice, choices
from .measured import fastest
from .memory import peak_mib
from .reference import REFERENCE
from .row import Row, counted, unknown
from .speed import SIZE, here, slow_down, slower_than


def pace(
    bundle: Bundle,
    baseline: Bundle | None,
    engine: str,
    limits: Limits,
    threads: int,
    seconds: float,
    advance: Advance,
) -> Iterator[Row]:
    """Latency and memory of each engine: of the precision that was recorded on such a machine, else of the fastest.

    `seconds` are for all timing; what one engine leaves over, the next may use. 0: nothing is timed or decided.
    """
    known = {} if baseline else _recorded(bundle, threads)
    timed = [_recorded_precision(bundle, choice, known) for choice in fastest(bundle, engine)]
    end = time.monotonic() + seconds
    for index, choice in enumerate(timed):
        advance(note=f"timing {choice.precision} on {choice.name}")
        if not seconds:
            yield _latency(choice, limits, unknown("no time was given to measure it"))
            continue
        left = max(0.0, end - time.monotonic()) / (len(timed) - index)
        recording = known.get((choice.name, choice.precision))
        try:
            yield from (
                _side_by_side(bundle, baseline, choice, limits, threads, left)
                if baseline
                else _recorded_rows(bundle, choice, recording, limits, threads, left)
            )
        except (MachineCannot, BadInput) as error:
            yield _latency(choice, limits, unknown(str(error)))


def _recorded(bundle: Bundle, threads: int) -> dict[tuple[str, str], Recording]:
    """Engine and precision -> what was recorded of them on a machine of this kind."""
    contract, processor = bundle.manifest.contract, here()
    found = contract.recordings if contract else []
    key = processor, threads, REFERENCE
    alike = [each for each in found if (each.processor, each.threads, each.reference) == key]
    return {(each.engine, each.precision): each for each in alike}


def _recorded_precision(bundle: Bundle, choice: Choice, known: Container[tuple[str, str]]) -> Choice:
    ways = choices(bundle.manifest, choice.name)[0]
    return next((way for way in ways if (way.name, way.precision) in known), choice)


def _side_by_side(
    bundle: Bundle, baseline: Bundle, choice: Choice, limits: Limits, threads: int, seconds: float
) -> Iterator[Row]:
    choices(baseline.manifest, choice.name, choice.precision)  # raises where the baseline has no such graph
    found = slower_than(baseline, bundle, choice, threads, limits.latency, seconds)
    yield _latency(choice, limits, found)
    before, now = (peak_mib(each, choice.name, choice.precision, threads, SIZE) for each in (baseline, bundle))
    yield from _memory(choice, limits, now, before)


def _recorded_rows(
    bundle: Bundle, choice: Choice, recording: Recording | None, limits: Limits, threads: int, seconds: float
) -> Iterator[Row]:
    if recording is None:
        told = f"nothing was recorded on {here()}, with {counted(threads, 'thread')}: verify --update records it"
        yield _latency(choice, limits, unknown(told))
        return
    recorded = Recorded(recording.ratio, recording.noise)
    found = slow_down(bundle, choice, threads, recorded, limits.latency, seconds)
    yield _latency(choice, limits, found)
    if recording.memory_mib:
        now = peak_mib(bundle, choice.name, choice.precision, threads, SIZE)
        yield from _memory(choice, limits, now, recording.memory_mib)


def _latency(choice: Choice, limits: Limits, found: Judgement) -> Row:
    return Row(f"latency {choice.precision} {choice.name}", limits.latency, found, "%")


def _memory(choice: Choice, limits: Limits, now: float | None, before: float | None) -> Iterator[Row]:
    """How much more of it is taken; nothing where the system does not tell."""
    if now and before:
        growth = now / before - 1
        verdict = Verdict.PASS if growth <= limits.memory else Verdict.FAIL
        found = Judgement(growth, growth, growth, verdict)
        yield Row(f"memory {choice.precision} {choice.name}", limits.memory, found, "%")
