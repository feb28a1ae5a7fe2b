"""How fast, and in how much memory."""

from __future__ import annotations

import numpy as np

from ...core.contract import Recording
from ...core.html import Html, element, join, table
from .chart import strip
from .model import Facts

_MARKS = (50, 95, 99)
"""Percentiles."""


def speed(facts: Facts) -> Html:
    """Latency of each way to run the model, and what was recorded of it elsewhere."""
    bench, timed = facts.speed, facts.timed
    milliseconds = timed.seconds.T[:-1] * 1e3
    low, high = float(milliseconds.min()), float(np.percentile(milliseconds, 99.5)) * 1.02
    rows = []
    for row, values in zip(bench["rows"], milliseconds, strict=True):
        name, marks = f"{row['engine']} {row['precision']}", np.percentile(values, _MARKS)
        told = f"{name}: half of the calls take {values.min():.1f} to {marks[0]:.1f} ms, 99 % up to {marks[2]:.1f} ms"
        share = "-" if row["share_of_peak"] is None else f"{row['share_of_peak']:.0%}"
        mib = facts.memory.get((row["engine"], row["precision"]))
        numbers = *(f"{mark:.2f}" for mark in marks), f"{row['fps']:.1f}", f"{row['ratio']:.2f}", share
        rows.append([name, strip(values, low, high, marks[:2], told), *numbers, f"{mib:.0f}" if mib else "-"])
    head = ["", "distribution", "p50, ms", "p95, ms", "p99, ms", "a second", "ratio", "of peak", "MiB"]
    note = (
        f"Drawn from {low:.1f} to {high:.1f} ms on a logarithmic scale, lines at the median and at 95 %. Ratio: times "
        f"as fast as {bench['reference']}, uncertain by {bench['noise']:.1%}. Of peak: of the arithmetic that this "
        "machine can do. MiB: peak memory of a process that does nothing else, of the fastest precision of each engine."
    )
    caption = f"{len(timed.seconds)} calls each, taking turns; {bench['rows'][0]['size']} in, threads: {timed.threads}"
    return join(table(caption, head, rows), element("p", note, class_="quiet"), _recorded(facts))


def _recorded(facts: Facts) -> Html:
    contract = facts.model.manifest.contract
    if contract is None or not contract.recordings:
        return Html()
    head = ["", "ratio", "uncertain by", "MiB", "threads", "version", "reference", "machine"]
    return table("Recorded when it was sealed, or since", head, [_recording(each) for each in contract.recordings])


def _recording(each: Recording) -> list[str]:
    memory = f"{each.memory_mib:.0f}" if each.memory_mib else "-"
    numbers = f"{each.ratio:.2f}", f"{each.noise:.1%}", memory, str(each.threads)
    return [f"{each.engine} {each.precision}", *numbers, each.version, each.reference, each.processor]
