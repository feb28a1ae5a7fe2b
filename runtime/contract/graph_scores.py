"""How good the pictures are that each graph makes of a bundle's samples, whoever is to run it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np

from ...core.bundle import Bundle
from ...core.cases import from_samples
from ...core.contract import GraphScores
from ...core.errors import PocketlensError
from ...core.graph_pictures import REFERENCE_ENGINE, pictures
from ...core.manifest import Graph
from ..saturation import why_not_int8
from .scores import Values, listed, of_one


def why_not(graph: Graph) -> str | None:
    """Why the engine that every installation has makes wrong pictures of a graph here; None where it does not."""
    return why_not_int8(REFERENCE_ENGINE) if graph.precision == "int8" else None


def graph_scores(bundle: Bundle, made: Sequence[np.ndarray]) -> Values:
    """PSNR and brightness of what a graph `made` of each sample. Raises BadInput where truths are of other sizes."""
    cases = zip(made, from_samples(bundle), strict=True)
    return listed([of_one(picture, case.truth, bundle.manifest) for picture, case in cases])


def sealed_graphs(bundle: Bundle) -> Iterator[GraphScores]:
    """The scores of each graph; one that does not run here, or not rightly, is left out."""
    for graph in {graph.file: graph for graph in bundle.manifest.graphs}.values():
        if why_not(graph) is None:
            with suppress(PocketlensError):
                values = graph_scores(bundle, pictures(bundle, graph))
                yield GraphScores(file=graph.file, psnr=values["psnr"], brightness=values["brightness"])
