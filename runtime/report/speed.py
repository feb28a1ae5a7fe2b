"""How fast, and in how much memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...core.contract import Recording
from ...core.html import Html, element, join, table
from .chart import strip
from .model import Facts

_PERCENTILES = (50, 95, 99)


def speed(found: Sequence[Facts]) -> Html:
    """Latency of each way to run the models on one scale, and what was recorded of them elsewhere."""
    everything = np.concatenate([facts.timed.seconds[:, :-1].ravel() * 1e3 for facts in found])
    scale = float(everything.min()), float(np.percentile(everything, 99.5)) * 1.02
    rows = [row for facts in found for row in _rows(facts, scale, f"{facts.model.label}, " if found[1:] else "")]
    head = ["", "p50, ms", "p95, ms", "p99, ms", "a second", "ratio", "of peak", "MiB", "distribution"]
    one = found[0]
    caption = f"{len(one.timed.seconds)} calls each; {one.speed['rows'][0]['size']} in, threads: {one.timed.threads}"
    return join(table(caption, head, rows), _doubts(found), _note(found, scale), *map(_recorded, found))


def _rows(facts: Facts, scale: tuple[float, float], prefix: str) -> list[list[str]]:
    rows = []
    for row, seconds in zip(facts.speed["rows"], facts.timed.seconds.T[:-1], strict=True):
        values, name = seconds * 1e3, f"{prefix}{row['engine']} {row['precision']}"
        marks = [float(mark) for mark in np.percentile(values, _PERCENTILES)]
        told = f"{name}: half of the calls take {values.min():.1f} to {marks[0]:.1f} ms, 99 % up to {marks[2]:.1f} ms"
        share = "-" if row["share_of_peak"] is None else f"{row['share_of_peak']:.0%}"
        mib = facts.memory.get((row["engine"], row["precision"]))
        numbers = *(f"{mark:.2f}" for mark in marks), f"{row['fps']:.1f}", f"{row['ratio']:.2f}", share
        rows.append([name, *numbers, f"{mib:.0f}" if mib else "-", strip(values, *scale, marks[:2], told)])
    return rows


def _doubts(found: Sequence[Facts]) -> Html:
    """What `bench` says of its figures, and which ways to run the models it could not time: each thing once."""
    named: dict[str, list[str]] = {}
    for facts in found:
        for told in (*facts.speed["notes"], *(f"not timed: {line}" for line in facts.speed["left_out"])):
            named.setdefault(told, []).append(facts.model.label)
    items = [element("li", f"{', '.join(labels)}: " if found[1:] else "", told) for told, labels in named.items()]
    return element("ul", *items) if items else Html()


def _note(found: Sequence[Facts], scale: tuple[float, float]) -> Html:
    noise = max(facts.speed["noise"] for facts in found)
    own = "the same model" if found[1:] else "it"
    told = (
        f"Drawn from {scale[0]:.1f} to {scale[1]:.1f} ms on a logarithmic scale, lines at the median and at 95 %. The "
        "ways to run a model took turns. "
        f"Ratio: times as fast as {found[0].speed['reference']} runs {own}, uncertain by {noise:.1%}. Of peak: of the "
        "arithmetic that this machine can do. MiB: peak memory of a process that does nothing else, of the fastest "
        "precision of each engine."
    )
    return element("p", told, class_="quiet")


def _recorded(facts: Facts) -> Html:
    contract = facts.model.manifest.contract
    if contract is None or not contract.recordings:
        return Html()
    head = ["", "ratio", "uncertain by", "MiB", "threads", "version", "reference", "machine"]
    rows = [_recording(each) for each in contract.recordings]
    return table(f"Recorded of {facts.model.label} when it was sealed, or since", head, rows)


def _recording(each: Recording) -> list[str]:
    memory = f"{each.memory_mib:.0f}" if each.memory_mib else "-"
    numbers = f"{each.ratio:.2f}", f"{each.noise:.1%}", memory, str(each.threads)
    return [f"{each.engine} {each.precision}", *numbers, each.version, each.reference, each.processor]
