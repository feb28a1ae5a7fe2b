"""Zero-points other than 0, which TensorRT refuses."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import onnx
from onnx import NodeProto

from ..finding import Check, Finding, Graph
from ..graph import array, set_array

_MIDDLE = 128
"""The zero-point by which uint8 is int8 written otherwise."""


def _shifted(graph: Graph) -> Iterator[tuple[NodeProto, np.ndarray]]:
    for node in graph.nodes:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear") and len(node.input) > 2:
            zero = graph.constants.get(node.input[2])
            if zero is not None and np.any(array(zero)):
                yield node, array(zero)


def _find(graph: Graph) -> Iterator[Finding]:
    for node, zero in _shifted(graph):
        mend = "quantize symmetrically: pocketlens export onnx MODEL -o FILE.onnx --precision int8 --for tensorrt"
        mend += "; --fix does for 128" if _is_middle(zero) else ""
        yield Finding("error", node.name, f"TensorRT refuses a zero-point of {int(zero.flat[0])}", mend)


def _is_middle(zero: np.ndarray) -> bool:
    return zero.dtype == np.uint8 and bool(np.all(zero == _MIDDLE))


def _fix(model: onnx.ModelProto) -> onnx.ModelProto:
    """uint8 around 128 as int8 around 0: the same values."""
    model = copy.deepcopy(model)
    graph, done = Graph(model), set[str]()
    for node, zero in list(_shifted(graph)):
        if not _is_middle(zero):
            continue
        for name in (node.input[0], node.input[2]):
            held = graph.constants.get(name)
            if held is not None and name not in done and array(held).dtype == np.uint8:
                set_array(held, (array(held).astype(np.int16) - _MIDDLE).astype(np.int8))
                done.add(name)
    del model.graph.value_info[:]  # it tells the old types
    return model


CHECK = Check(_find, _fix)
