"""A bias kept as int32 and restored by a DequantizeLinear, which TensorRT refuses."""

from __future__ import annotations

import copy
from collections.abc import Iterator

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
        mend, fixable = "keep biases in float", node.input[1] in graph.constants
        yield Finding("error", node.name, "TensorRT refuses an int32 bias", mend, fixable)


def _fix(model: onnx.ModelProto) -> onnx.ModelProto:
    """Each of them as the float tensor that it stands for, of its scale's kind."""
    model = copy.deepcopy(model)
    graph = Graph(model)
    for node in list(_biases(graph)):
        if node.input[1] not in graph.constants:
            continue
        scale = array(graph.constants[node.input[1]])
        values = array(graph.constants[node.input[0]]) * scale
        model.graph.initializer.append(numpy_helper.from_array(values.astype(scale.dtype), node.output[0]))
        model.graph.node.remove(node)
    return model


CHECK = Check(_find, _fix)
