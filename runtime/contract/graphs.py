"""The graphs of a bundle that are not run here, for other engines and for apps: as good as when they were sealed?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from ...core.bundle import Bundle
from ...core.errors import BadInput, PocketlensError
from ...core.graph_pictures import REFERENCE_ENGINE, least, measure_one
from ...core.manifest import Graph
from ...core.progress import Advance
from ...core.verdict import Judgement, Verdict
from ..choose import Choice
from ..saturation import why_not_int8
from .row import Row, unknown
from .scores import PERFECT


def graphs(bundle: Bundle, run: Iterable[Choice], advance: Advance) -> Iterator[Row]:
    """How far each graph that no choice of `run` takes is below the PSNR to its reference that the bundle states.

    Each file is judged once, in the engine that every installation has, on the bundle's own samples.
    """
    facts = bundle.manifest
    taken = {(choice.precision, choice.face(facts), choice.engine.reads) for choice in run}
    files = {graph.file: graph for graph in facts.graphs}
    for graph in facts.graphs:
        if (graph.precision, graph.face, graph.target) in taken:
            files.pop(graph.file, None)
    for graph in files.values():
        advance(0, note=graph.file)
        yield Row(f"graph {graph.file.removeprefix('graphs/')}", 0, _judged(bundle, graph), "dB")


def _judged(bundle: Bundle, graph: Graph) -> Judgement:
    """What ran when it was sealed, and does not any more, has failed."""
    reason = why_not_int8(REFERENCE_ENGINE) if graph.precision == "int8" else None
    if reason or not bundle.manifest.samples:
        return unknown(reason or "the bundle holds no sample pictures to measure it on")
    try:
        limit = least(bundle, graph)
    except BadInput as error:
        return unknown(str(error))
    try:
        reached = measure_one(bundle, graph).psnr
    except PocketlensError as error:
        return Judgement(math.nan, -math.inf, math.inf, Verdict.FAIL, str(error))
    below = limit - min(reached, PERFECT)
    if reached >= limit:
        return Judgement(below, below, below, Verdict.PASS)
    told = f"{reached:.2f} dB to what fp32 makes of the samples, sealed with at least {limit:.2f}"
    return Judgement(below, below, below, Verdict.FAIL, told)
