"""Activations quantized to uint8, which TensorRT reads as int8 with a mere warning, and clips to half their range."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..finding import Check, Finding, Graph
from ..graph import array
from ..quantize import signed


def _find(graph: Graph) -> Iterator[Finding]:
    for node in graph.nodes:
        if node.op_type != "QuantizeLinear":
            continue
        zero = graph.constants.get(node.input[2]) if len(node.input) > 2 else None
        if zero is not None and array(zero).dtype == np.uint8 and not np.any(array(zero)):
            told = "TensorRT takes this uint8 for int8 and clips the upper half of its range"
            mend = "pocketlens export onnx MODEL -o FILE.onnx --precision int8 --for tensorrt; --fix does for this one"
            yield Finding("error", node.name, told, mend)


CHECK = Check(_find, signed)
