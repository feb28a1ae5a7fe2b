"""The graphs of a bundle that are not run here, for other engines and for apps: as good as when they were sealed?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ...core.bundle import Bundle
from ...core.contract import GraphScores
from ...core.errors import BadInput, PocketlensError
from ...core.graph_pictures import against_expected, least, pictures
from ...core.limits import Limits
from ...core.manifest import Graph
from ...core.progress import Advance
from ...core.verdict import Judgement, Verdict
from ..choose import Choice
from .accuracy import against
from .graph_scores import graph_scores, why_not
from .row import Row, unknown
from .scores import PERFECT


def graphs(bundle: Bundle, run: Iterable[Choice], limits: Limits, advance: Advance) -> Iterator[Row]:
    """How far each graph that no choice of `run` takes is below the PSNR to its reference that the bundle states.

    And, where its scores were sealed, what its pictures have lost since. Each file is judged once, in the engine that
    every installation has, on the bundle's own samples.
    """
    facts = bundle.manifest
    taken = {(choice.precision, choice.face(facts), choice.engine.reads) for choice in run}
    files = {graph.file: graph for graph in facts.graphs}
    for graph in facts.graphs:
        if (graph.precision, graph.face, graph.target) in taken:
            files.pop(graph.file, None)
    sealed = {each.file: each for each in facts.contract.graphs} if facts.contract else {}
    for graph in files.values():
        advance(0, note=graph.file)
        yield from _judged(bundle, graph, sealed.get(graph.file), limits)


def _judged(bundle: Bundle, graph: Graph, sealed: GraphScores | None, limits: Limits) -> Iterator[Row]:
    """What ran when it was sealed, and does not any more, has failed."""
    name = graph.file.removeprefix("graphs/")
    reason = why_not(graph)
    if reason or not bundle.manifest.samples:
        why = reason or "the bundle holds no sample pictures to measure it on"
        yield Row(f"graph {name}", 0, unknown(why), "dB")
        return
    try:
        made = pictures(bundle, graph)
        values = graph_scores(bundle, made)
    except PocketlensError as error:
        found = Judgement(math.nan, -math.inf, math.inf, Verdict.FAIL, str(error))
        yield Row(f"graph {name}", 0, found, "dB")
        return
    yield Row(f"graph {name}", 0, _held(bundle, graph, made), "dB")
    if sealed and len(sealed.psnr) == len(made):
        yield from against(name, values, {"psnr": sealed.psnr, "brightness": sealed.brightness}, True, limits)


def _held(bundle: Bundle, graph: Graph, made: Sequence[np.ndarray]) -> Judgement:
    """How far below what was stated its pictures are to those of the reference."""
    try:
        limit = least(bundle, graph)
    except BadInput as error:
        return unknown(str(error))
    reached = against_expected(bundle, graph, made).psnr
    below = limit - min(reached, PERFECT)
    if reached >= limit:
        return Judgement(below, below, below, Verdict.PASS)
    told = f"{reached:.2f} dB to what fp32 makes of the samples, sealed with at least {limit:.2f}"
    return Judgement(below, below, below, Verdict.FAIL, told)
