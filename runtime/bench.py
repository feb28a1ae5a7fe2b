"""Latency of every engine and precision, measured side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..core.bundle import Bundle
from ..core.errors import MachineCannot
from ..core.manifest import MOMENT
from ..core.progress import progress
from .choose import AUTO, Choice, choices
from .interpolate import Interpolator
from .machine import Machine, measure, most
from .network import Network
from .original import TORCH, Original
from .roofline import Layer, floor, layers
from .tiles import round_up

_REFERENCE = ("onnxruntime", "fp32")
_WARM_UP = 3
_DISTURBED = "more than 100% of peak: something disturbed the machine when its peak was measured; bench again at rest"


@dataclass(frozen=True)
class Row:
    """One engine and precision."""

    engine: str
    version: str
    precision: str
    size: str
    threads: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    fps: float
    ratio: float
    """How many times as fast as the reference, by the medians."""
    share_of_peak: float | None
    """Of what `machine.peak` measures in this run for the row's arithmetic; None where it cannot."""
    share_of_bandwidth: float | None
    """Of what `machine.bandwidth` measures in this run, for maps that each layer reads and writes once."""
    floor_ms: float | None
    """The least time for its convolutions here: of each its arithmetic, or its maps, whichever takes longer."""


@dataclass(frozen=True)
class Timed:
    """What ways to run a bundle took, in turns."""

    choices: list[Choice]
    """The reference in front."""
    seconds: np.ndarray
    """(rounds, choices + 1): the last column is the reference again."""
    size: tuple[int, int]
    """Height and width of the picture."""
    threads: int
    machine: Machine | None
    """The most that it gave, before and after."""
    left_out: Sequence[str] = ()
    """What is usable here and yet does not run this bundle at that size, and why, a line each."""


def bench(
    bundle: Bundle, height: int, width: int, engines: Sequence[str], threads: int, rounds: int, quiet: bool = False
) -> dict[str, Any]:
    """Time a picture of height x width through the network, float in and out; gives the CLI's JSON.

    Of an interpolator a picture between two frames is timed, from 8 bits to 8 bits, warping and all.
    Raises as `choose.choices`.
    """
    timed = take_turns(bundle, (height, width), engines, threads, rounds, quiet)
    return summary(bundle, timed)


def take_turns(
    bundle: Bundle, size: tuple[int, int], engines: Sequence[str], threads: int, rounds: int, quiet: bool = False
) -> Timed:
    """Time every engine and precision: of `engines`, or of all that are usable.

    After a warm-up each round runs every engine and precision once and the reference twice, so that
    what slows the machine slows them all. Raises MachineCannot for one of `engines`, and the reference, that fails.
    """
    ready: list[tuple[Choice, Callable[[], object]]] = []
    left_out: list[str] = []
    with ExitStack() as opened, progress("bench", rounds, quiet) as advance:
        for choice in _contenders(bundle, engines):
            try:
                ready.append((choice, _warmed(opened.enter_context(closing(choice.load(bundle, threads))), size)))
            except MachineCannot as error:
                if engines or not ready:
                    raise
                left_out.append(f"{choice}: {error}")
        contenders, trials = [choice for choice, _ in ready], [trial for _, trial in ready]
        before, runs = measure(threads), [*trials, trials[0]]
        seconds = np.empty((rounds, len(runs)))
        for series in seconds:
            for index, run in enumerate(runs):
                start = time.perf_counter()
                run()
                series[index] = time.perf_counter() - start
            advance()
    return Timed(contenders, seconds, size, threads, most(before, measure(threads)), left_out)


def _warmed(network: Network | Interpolator, size: tuple[int, int]) -> Callable[[], object]:
    """Its trial, run a few times."""
    trial = network.trial(*size)
    for _ in range(_WARM_UP):
        trial()
    return trial


def summary(bundle: Bundle, timed: Timed) -> dict[str, Any]:
    """The JSON of `bench`. `noise` is how far the medians of the reference's two series lie apart, as a share."""
    reference, again = np.median(timed.seconds[:, [0, -1]], axis=0)
    height, width = timed.size
    rows = []
    for choice, series in zip(timed.choices, timed.seconds.T[:-1], strict=True):
        p50, p95, p99 = (float(value) for value in np.percentile(series, (50, 95, 99)))
        row = Row(
            engine=choice.name,
            version=choice.engine.version(),
            precision=choice.precision,
            size=f"{height}x{width}",
            threads=timed.threads,
            p50_ms=p50 * 1e3,
            p95_ms=p95 * 1e3,
            p99_ms=p99 * 1e3,
            fps=1 / p50,
            ratio=float(reference / p50),
            **_limits(bundle, choice, timed, p50),
        )
        rows.append(asdict(row))
    return {
        "reference": str(timed.choices[0]),
        "noise": abs(float(again / reference) - 1),
        "machine": asdict(timed.machine) if timed.machine else None,
        "rows": rows,
        "left_out": list(timed.left_out),
        "notes": [_DISTURBED] if any((row["share_of_peak"] or 0) > 1 for row in rows) else [],
    }


def _limits(bundle: Bundle, choice: Choice, timed: Timed, taken: float) -> dict[str, float | None]:
    """The fields of a row that hold its seconds against what the machine gives; None for a GPU, which was not asked."""
    machine = timed.machine
    if machine is None or choice.engine.on_gpu:
        return dict.fromkeys(("share_of_peak", "share_of_bandwidth", "floor_ms"))
    found = _layers(bundle, choice, timed.size)
    operations = 2 * bundle.manifest.macs_per_pixel * timed.size[0] * timed.size[1]
    return {
        "share_of_peak": operations / taken / machine.operations[_arithmetic(choice)],
        "share_of_bandwidth": sum(layer.moved for layer in found) / taken / machine.bandwidth,
        "floor_ms": floor(found, machine) * 1e3,
    }


def _layers(bundle: Bundle, choice: Choice, size: tuple[int, int]) -> list[Layer]:
    """The convolutions of the graph that a choice runs on one picture, or pair."""
    facts = bundle.manifest
    frame = (1, facts.channels, *(round_up(side, facts.align) for side in size))
    shapes = {name: (1,) if name == MOMENT else frame for name in facts.inputs}
    return layers(bundle.graph(choice.precision, choice.face(facts), choice.engine.reads), shapes)


def _contenders(bundle: Bundle, engines: Sequence[str]) -> list[Choice]:
    """What to time, the reference in front; it takes part even where `engines` leaves it out.

    Of a checkpoint that includes the network itself, in torch.
    """
    named = [choice for name in engines or [AUTO] if name != TORCH for choice in choices(bundle.manifest, name)[0]]
    usable = {(choice.name, choice.precision): choice for choice in [*choices(bundle.manifest)[0], *named]}
    wanted = {(choice.name, choice.precision) for choice in named}
    order = sorted(usable, key=lambda key: key != _REFERENCE)
    original = [Original()] if TORCH in engines or (bundle.original and not engines) else []
    return [*(usable[key] for key in order if key in wanted or key == _REFERENCE), *original]


def _arithmetic(choice: Choice) -> str:
    """What a CPU computes a graph in: fp16 graphs only store their weights so."""
    return "int8" if choice.precision == "int8" else "fp32"
