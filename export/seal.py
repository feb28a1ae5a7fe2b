"""A trained network -> a bundle: graphs, samples, scores, limits and provenance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from ..core.bundle import Bundle, Graph
from ..core.checkpoint import Checkpoint
from ..core.progress import Advance, progress
from .build import Graphs
from .calibration import Calibration
from .describe import describe
from .provenance import versions
from .reference import make_samples
from .samples import DRAWN, draw
from .scores import Pictures, score
from .verify import measure

MARGIN = 0.5
"""dB that a graph may lose against what it reached when it was sealed."""
SURE = 60.0
"""dB above which two 8-bit pictures are as good as equal."""


def seal(
    trained: Checkpoint,
    name: str,
    precisions: Sequence[str],
    calibration: Calibration,
    score_on: Mapping[str, Pictures],
    provenance: Mapping[str, Any],
    quiet: bool = False,
) -> Bundle:
    """Build every graph, measure each, and describe it all; `core.bundle.write` puts it on disk.

    `score_on` names sets of HR pictures on which each precision is scored, besides on the samples.
    Raises BadInput for a picture too small to score, MachineCannot when int8 is asked for without NNCF.
    """
    graphs, sets = plan_graphs(precisions), {DRAWN: draw(), **score_on}
    samples, pictures = make_samples(trained)
    manifest = describe(trained, name, graphs).model_copy(update={"samples": samples})
    with progress("sealing", 2 * len(graphs) + len(sets), quiet) as advance:
        files = build_files(graphs, Graphs(trained, calibration), advance)
        bundle = Bundle(manifest, {**files, **pictures}, name)
        quality = {}
        for label, hrs in sets.items():
            quality[label] = score(bundle, hrs)
            advance(note=f"scored on {label}")
        limits = _limits(bundle, advance)
    packages = ("torch", "onnx", "nncf") if "int8" in precisions else ("torch", "onnx")
    made_by = {"calibration": calibration.provenance, "versions": versions(*packages)}
    origin = {**provenance, **manifest.provenance, **made_by}
    measured = {"quality": quality, "limits": limits, "provenance": origin}
    return Bundle(manifest.model_copy(update=measured), bundle.files, name)


def plan_graphs(precisions: Sequence[str]) -> list[Graph]:
    """Both faces of each precision for both processors; only int8 wants a file for each."""
    graphs = []
    for precision, face, target in product(precisions, ("float", "frame"), ("cpu", "tensorrt")):
        name = "-".join([precision, face, *([target] if precision == "int8" else [])])
        graphs.append(Graph(file=f"graphs/{name}.onnx", precision=precision, face=face, target=target))  # type: ignore[arg-type]
    return graphs


def build_files(graphs: Sequence[Graph], source: Graphs, advance: Advance) -> dict[str, bytes]:
    """File name -> ONNX bytes, each file once."""
    files: dict[str, bytes] = {}
    for graph in graphs:
        if graph.file not in files:
            files[graph.file] = source.build(graph.precision, graph.face, graph.target).SerializeToString()
        advance(note=f"built {graph.precision} {graph.face}")
    return files


def _limits(bundle: Bundle, advance: Advance) -> dict[str, float]:
    """What each precision's worst graph reaches now, less the margin."""
    reached: dict[str, float] = {}
    for found in measure(bundle):
        name = f"psnr_{found.graph.precision}"
        reached[name] = min(reached.get(name, math.inf), found.psnr)
        advance(note=f"measured {found.graph.precision} {found.graph.face}")
    return {name: round(min(SURE, value) - MARGIN, 2) for name, value in reached.items()}
