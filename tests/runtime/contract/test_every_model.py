"""Faults planted in every shipped model, in every graph that can have them: who is caught by `verify`, and who is not.

One call of `verify` judges each graph by limits of its own, on each engine that runs it. So a fault is planted in many
graphs of a bundle at once, and each graph on each engine is an answer: caught, undecided, or missed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest
from contracts import Change, changed, with_graphs
from loads import timed
from planted import all_stale, brighter, nothing, softer, stale, swapped, torn, worn
from pocketlens.core.bundle import Bundle, read
from pocketlens.core.cases import Case, from_samples
from pocketlens.core.graph_pictures import pictures
from pocketlens.core.latency import Recorded, judge_in_time
from pocketlens.core.locate import shipped_bundles
from pocketlens.core.manifest import PARTS, Graph
from pocketlens.core.verdict import Verdict, overall
from pocketlens.runtime.choose import choices
from pocketlens.runtime.contract.scores import psnr
from pocketlens.runtime.contract.verify import verify

LOST, NEARLY = 0.1, 0.01
"""dB."""
MOST_TRIALS = 12
SLOWER, RUNS, ROUNDS = 1.1, 20, 3000
HARMLESS = "one int8 scale doubled"
"""A range twice as wide as need be cuts nothing off, and may cost less than a model is allowed to lose."""
SLIGHT = "one int8 scale halved"
"""It may cost what a model is allowed to lose, or be a gain in some pictures: a dozen do not tell. It never passes."""


@dataclass(frozen=True)
class Harmed:
    """A bundle, and the files with a fault in them."""

    bundle: Bundle
    files: frozenset[str]
    threads: int = 1


@dataclass
class Row:
    """What became of the faults that were planted in a model, and of what was left as it was."""

    found: dict[str, Counter[Verdict]] = field(default_factory=lambda: defaultdict(Counter))
    unharmed: Counter[Verdict] = field(default_factory=Counter)

    def caught(self, fault: str) -> int:
        """How many did not get by; of a fault that may be harmless, all."""
        counts = self.found[fault]
        passed = {HARMLESS: 0, SLIGHT: counts[Verdict.PASS]}
        return counts.total() - passed[fault] if fault in passed else counts[Verdict.FAIL]

    def told(self, fault: str) -> str:
        """Caught of planted."""
        counts = self.found[fault]
        if not counts.total():
            return "-"
        doubts = f", {counts[Verdict.UNDECIDED]} undecided" if counts[Verdict.UNDECIDED] else ""
        return f"{counts[Verdict.FAIL]} of {counts.total()}{doubts}"


def graphs(bundle: Bundle, *faces: str) -> dict[str, Graph]:
    """File -> graph with one of the faces."""
    return {graph.file: graph for graph in bundle.manifest.graphs if graph.face in faces}


def run_here(bundle: Bundle) -> dict[str, str]:
    """Precision and engine, as `verify` names them -> the file that is run."""
    facts, found = bundle.manifest, {}
    for choice in choices(facts)[0]:
        key = choice.precision, choice.face(facts), choice.engine.reads
        of_key = (graph.file for graph in facts.graphs if (graph.precision, graph.face, graph.target) == key)
        found[f"{choice.precision} {choice.name}"] = next(of_key)
    return found


def planted(bundle: Bundle, faults: Mapping[str, Change]) -> Harmed:
    return Harmed(with_graphs(bundle, faults), frozenset(faults))


def faces(bundle: Bundle) -> tuple[str, str]:
    """The one that is run here, and that of apps."""
    return ("float" if bundle.manifest.task == "upscale" else "motion"), "frame"


def whole_pictures(bundle: Bundle) -> Bundle:
    """The bundle without graphs that give motion and leave the picture to the runtime."""
    return changed(bundle, graphs=[graph for graph in bundle.manifest.graphs if graph.face not in PARTS])


def a_tenth_lost(bundle: Bundle) -> Iterator[Harmed]:
    """By worn kernels, and where a graph makes the picture, by a softer one."""
    cases = from_samples(bundle)
    soft = {"float": partial(softer, channels=bundle.manifest.channels), "frame": partial(softer, channels=3)}
    for seed, made in enumerate((soft, {})):
        found = graphs(bundle, *faces(bundle)).items()
        kinds = {file: made.get(graph.face, partial(worn, seed)) for file, graph in found}
        faults = {file: costing(bundle, graph, cases, kinds[file]) for file, graph in found}
        yield planted(bundle, {file: fault for file, fault in faults.items() if fault})


def costing(bundle: Bundle, graph: Graph, cases: list[Case], fault: Callable[[float], Change]) -> Change | None:
    """The fault with which a graph loses a tenth of a decibel in the mean; None where its numbers are too coarse."""

    def mean(of: Bundle) -> float:
        made = pictures(of, next(each for each in of.manifest.graphs if each.file == graph.file))
        return float(np.mean([psnr(bgr, case.truth, of.manifest) for bgr, case in zip(made, cases, strict=True)]))

    sound, low, high = mean(bundle), 0.0, np.inf
    strength = 0.01
    for _ in range(MOST_TRIALS):
        lost = sound - mean(with_graphs(bundle, {graph.file: fault(strength)}))
        if abs(lost - LOST) < NEARLY:
            return fault(strength)
        low, high = (strength, high) if lost < LOST else (low, strength)
        strength = 2 * low if high == np.inf else (low + high) / 2
    return None


def one_level(bundle: Bundle) -> Iterator[Harmed]:
    pictured = whole_pictures(bundle)
    for levels in (1, -1):
        yield planted(pictured, dict.fromkeys(graphs(pictured, "float", "frame"), brighter(levels)))


def a_seam(bundle: Bundle) -> Iterator[Harmed]:
    facts = bundle.manifest
    width = from_samples(bundle)[0].frames[0].shape[1]
    for column in (width // 4, width // 2):
        yield planted(
            bundle,
            {
                file: torn(column, facts.align, facts.scale, 2 if graph.face == "motion" else 1)
                for file, graph in graphs(bundle, *faces(bundle)).items()
            },
        )
    if facts.task == "upscale":
        for reach in (0, 2):
            yield Harmed(changed(bundle, reach=reach), frozenset(run_here(bundle).values()))


def channels(bundle: Bundle) -> Iterator[Harmed]:
    pictured, colours = whole_pictures(bundle), ("frame", *(["float"] if bundle.manifest.channels == 3 else []))
    for order in ((2, 1, 0), (1, 0, 2)):
        yield planted(pictured, dict.fromkeys(graphs(pictured, *colours), swapped(order)))
    if motion := graphs(bundle, "motion"):
        # Across for along, and before for after.
        for order in ((1, 0, 3, 2, 4), (2, 3, 0, 1, 4)):
            yield planted(bundle, dict.fromkeys(motion, swapped(order)))


def int8(bundle: Bundle) -> list[str]:
    return [file for file, graph in graphs(bundle, *faces(bundle)).items() if graph.precision == "int8"]


def stale_scales(bundle: Bundle) -> Iterator[Harmed]:
    for change in (all_stale(0.5), all_stale(2)):
        yield planted(bundle, dict.fromkeys(int8(bundle), change))


def a_scale_halved(bundle: Bundle) -> Iterator[Harmed]:
    for place in (0, 0.5):
        yield planted(bundle, dict.fromkeys(int8(bundle), stale(place, 0.5)))


def a_scale_doubled(bundle: Bundle) -> Iterator[Harmed]:
    for place in (0, 0.5):
        yield planted(bundle, dict.fromkeys(int8(bundle), stale(place, 2)))


def no_fault(bundle: Bundle) -> Iterator[Harmed]:
    """As it is shipped, on two threads, and with graphs written anew, by themselves and without those of motion."""
    yield Harmed(bundle, frozenset())
    yield Harmed(bundle, frozenset(), threads=2)
    anew = dict.fromkeys(graphs(bundle, *faces(bundle), "float"), nothing)
    yield Harmed(with_graphs(whole_pictures(bundle), anew), frozenset())


FAULTS: dict[str, Callable[[Bundle], Iterator[Harmed]]] = {
    "0.1 dB lost": a_tenth_lost,
    "one grey level": one_level,
    "tile seam": a_seam,
    "channels swapped": channels,
    "all int8 scales stale": stale_scales,
    SLIGHT: a_scale_halved,
    HARMLESS: a_scale_doubled,
}
SLOW = "10 % slower, simulated"


def answers(harmed: Harmed) -> Iterator[tuple[bool, Verdict]]:
    """Of each graph on each engine: whether a fault is in it, and what `verify` says."""
    files, found = run_here(harmed.bundle), defaultdict(list)
    for row in verify(harmed.bundle, threads=harmed.threads, seconds=0):
        kind, *of = row.name.split()
        if kind not in ("latency", "memory", "gap"):
            found[of[0] if of[0].endswith(".onnx") else " ".join(of[:2])].append(row.verdict)
    for of, verdicts in found.items():
        yield files.get(of, f"graphs/{of}") in harmed.files, overall(verdicts)


def examined(bundle: Bundle) -> Row:
    row = Row()
    for fault, plant in {**FAULTS, "": no_fault}.items():
        for harmed in plant(bundle):
            for has_it, verdict in answers(harmed):
                (row.found[fault] if has_it else row.unharmed)[verdict] += 1
    contract = bundle.manifest.contract
    for recording in contract.recordings if contract else ():
        for seed in range(RUNS):
            for slowness, counts in ((SLOWER, row.found[SLOW]), (1.0, row.unharmed)):
                pairs = timed("idle", np.random.default_rng(seed), ROUNDS, slowness)
                recorded = Recorded(ratio=4, noise=recording.noise)
                counts[judge_in_time(map(tuple, pairs), recorded, lambda: False).verdict] += 1
    return row


@pytest.mark.long
def test_each_fault_is_caught_in_every_shipped_model_and_none_is_seen_in_a_sound_one(
    capsys: pytest.CaptureFixture[str],
):
    rows: dict[str, Row] = {}
    columns = [*FAULTS, SLOW]
    with capsys.disabled():
        print(f"\n| model | {' | '.join(columns)} | false alarms |\n|{'---|' * (len(columns) + 2)}")
        for name, path in shipped_bundles().items():
            row = rows[name] = examined(read(path))
            alarms = f"{row.unharmed[Verdict.FAIL]} of {row.unharmed.total()}"
            print(f"| `{name}` | {' | '.join(map(row.told, columns))} | {alarms} |", flush=True)
    missed = {
        (name, fault): row.told(fault)
        for name, row in rows.items()
        for fault in columns
        if row.caught(fault) < row.found[fault].total()
    }
    assert missed == {}
    assert all(row.unharmed[Verdict.FAIL] == 0 for row in rows.values())
