"""Zero-points other than 0, which TensorRT refuses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..finding import Check, Finding, Graph
from ..quantizers import COST, MEND, grids, mended, off_int8


def _find(graph: Graph) -> Iterator[Finding]:
    fixable = {node.name for node, _ in off_int8(graph)}
    for node, zero in grids(graph):
        if np.any(zero):
            told = f"TensorRT refuses a zero-point of {int(zero[zero != 0].flat[0])}"
            yield Finding("error", node.name, told, MEND, node.name in fixable)


CHECK = Check(_find, mended, COST)
