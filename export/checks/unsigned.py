"""Values quantized to uint8, which TensorRT reads as int8 with a mere warning, and clips to half their range."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..finding import Check, Finding, Graph
from ..quantizers import COST, MEND, grids, mended, off_int8


def _find(graph: Graph) -> Iterator[Finding]:
    fixable = {node.name for node, _ in off_int8(graph)}
    for node, zero in grids(graph):
        if zero.dtype == np.uint8 and not np.any(zero):
            told = "TensorRT takes this uint8 for int8 and clips the upper half of its range"
            yield Finding("error", node.name, told, MEND, node.name in fixable)


CHECK = Check(_find, mended, COST)
