"""A bias kept as int32 and restored by a DequantizeLinear, which TensorRT refuses."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, numpy_helper

from ..finding import Check, Finding, Graph
from ..graph import array


def _biases(graph: Graph) -> Iterator[NodeProto]:
    for node in graph.nodes:
        source = graph.constants.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
        if source is not None and source.data_type == TensorProto.INT32:
            yield node


def _find(graph: Graph) -> Iterator[Finding]:
    for node in _biases(graph):
        yield Finding("error", node.name, "TensorRT refuses an int32 bias", "keep biases in float; --fix does")


def _fix(model: onnx.ModelProto) -> onnx.ModelProto:
    """Each of them as the float tensor that it stands for."""
    model = copy.deepcopy(model)
    graph = Graph(model)
    for node in list(_biases(graph)):
        if node.input[1] not in graph.constants:
            continue
        values = array(graph.constants[node.input[0]]) * array(graph.constants[node.input[1]])
        model.graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), node.output[0]))
        model.graph.node.remove(node)
    return model


CHECK = Check(_find, _fix)
