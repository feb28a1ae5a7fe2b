"""A trained network -> a bundle: graphs, samples, scores, limits and provenance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import onnx

from ..core.bundle import Bundle
from ..core.cases import SAMPLES, from_samples
from ..core.checkpoint import Checkpoint
from ..core.graph_pictures import measure
from ..core.manifest import Face, Graph
from ..core.metrics import PERFECT
from ..core.progress import Advance, progress
from .build import Graphs
from .calibration import Calibration
from .describe import describe
from .faces import faces_of
from .provenance import degradation_of, limits_of, versions
from .share import share
from .task import Set, task
from .teacher import beside

MARGIN = 0.5
"""dB that a graph may lose against what it reached when it was sealed."""
THREADS = 1
"""What latency is sealed for: one thread means the same on machines with more or fewer cores."""


def seal(
    trained: Checkpoint,
    name: str,
    precisions: Sequence[str],
    calibration: Calibration,
    score_on: Mapping[str, Set],
    provenance: Mapping[str, Any],
    seconds: float,
    quiet: bool = False,
    teacher: Bundle | None = None,
) -> Bundle:
    """Build every graph, measure each, and describe it all; `core.bundle.write` puts it on disk.

    `score_on` names sets, as the network's task reads them, on which each precision is scored, besides on the
    samples; its `teacher` is scored beside it. `seconds` are for latency on this machine; 0 leaves it out. Raises
    BadInput for a picture too small to score and for limits in the recipe that are none, MachineCannot when int8 is
    asked for without NNCF.
    """
    from ..runtime.contract.measured import contract_of

    does, limits = task(trained.spec.task), limits_of(provenance)
    graphs = plan_graphs(precisions, faces_of(trained.spec))
    with progress("sealing", 2 * len(graphs) + 1 + len(score_on), quiet) as advance:
        files, weights = share(build_models(graphs, Graphs(trained, calibration), advance))
        graphs = [graph.model_copy(update={"weights": weights[graph.file]}) for graph in graphs]
        manifest = describe(trained, name, graphs).model_copy(update={"degradation": degradation_of(provenance)})
        samples, pictures = does.samples(trained, manifest)
        manifest = manifest.model_copy(update={"samples": samples})
        bundle = Bundle(manifest, {**files, **pictures}, name)
        own = {label: does.cases(items, manifest) for label, items in score_on.items()}
        quality = {}
        for label, cases in {SAMPLES: from_samples(bundle), **own}.items():
            quality[label] = does.score(bundle, cases)
            if teacher:
                quality[label] |= beside(quality[label], does.score(teacher, cases))
            advance(note=f"scored on {label}")
        reached = _limits(bundle, advance)
        contract = contract_of(bundle, own, limits, THREADS, seconds, advance)
    packages = ("torch", "onnx", "nncf") if "int8" in precisions else ("torch", "onnx")
    made_by = {"calibration": calibration.provenance, "versions": versions(*packages)}
    origin = {**provenance, **manifest.provenance, **made_by}
    measured = {"quality": quality, "limits": reached, "contract": contract, "provenance": origin}
    return Bundle(manifest.model_copy(update=measured), bundle.files, name)


def plan_graphs(precisions: Sequence[str], faces: Sequence[Face]) -> list[Graph]:
    """Every face of each precision for both processors; only int8 wants a file for each."""
    graphs = []
    for precision, face, target in product(precisions, faces, ("cpu", "tensorrt")):
        name = "-".join([precision, face, *([target] if precision == "int8" else [])])
        graphs.append(Graph(file=f"graphs/{name}.onnx", precision=precision, face=face, target=target))  # type: ignore[arg-type]
    return graphs


def build_models(graphs: Sequence[Graph], source: Graphs, advance: Advance) -> dict[str, onnx.ModelProto]:
    """File name -> graph, each file once."""
    models: dict[str, onnx.ModelProto] = {}
    for graph in graphs:
        if graph.file not in models:
            models[graph.file] = source.build(graph.precision, graph.face, graph.target)
        advance(note=f"built {graph.precision} {graph.face}")
    return models


def _limits(bundle: Bundle, advance: Advance) -> dict[str, float]:
    """What each precision's worst graph reaches now, less the margin."""
    reached: dict[str, float] = {}
    for found in measure(bundle):
        name = f"psnr_{found.graph.precision}"
        reached[name] = min(reached.get(name, math.inf), found.psnr)
        advance(note=f"measured {found.graph.precision} {found.graph.face}")
    return {name: round(min(PERFECT, value) - MARGIN, 2) for name, value in reached.items()}
