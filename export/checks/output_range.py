"""A picture that nothing keeps in [0, 1]."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..finding import Check, Finding, Graph
from ..graph import producers

_MOVES = {"Cast", "DepthToSpace", "DequantizeLinear", "Identity", "QuantizeLinear", "Reshape", "Slice", "Transpose"}
"""Operators that change no value much."""
_BOUNDED = {"Clip", "HardSigmoid", "Max", "Min", "Sigmoid", "Where"}
_CHANNELS = (1, 3)


def _unbounded(graph: Graph) -> Iterator[onnx.ValueInfoProto]:
    """Outputs that are float pictures of any value."""
    made_by = producers(graph.model.graph)
    for output in graph.model.graph.output:
        kind = output.type.tensor_type
        dims = kind.shape.dim
        if kind.elem_type not in (TensorProto.FLOAT, TensorProto.FLOAT16) or len(dims) != 4:
            continue
        maker = made_by.get(output.name)
        while maker is not None and maker.op_type in _MOVES:
            maker = made_by.get(maker.input[0])
        if dims[1].dim_value in _CHANNELS and (maker is None or maker.op_type not in _BOUNDED):
            yield output


def _find(graph: Graph) -> Iterator[Finding]:
    for output in _unbounded(graph):
        told = "nothing keeps this picture in [0, 1]: what is stored in bytes may wrap round, white to black"
        yield Finding("warning", output.name, told, "end the graph in a Clip; --fix does")


def _fix(model: onnx.ModelProto) -> onnx.ModelProto:
    """A Clip before each such output."""
    model = copy.deepcopy(model)
    for output in list(_unbounded(Graph(model))):
        free = f"{output.name}/free"
        for node in model.graph.node:
            node.input[:] = [free if name == output.name else name for name in node.input]
            node.output[:] = [free if name == output.name else name for name in node.output]
        kind = helper.tensor_dtype_to_np_dtype(output.type.tensor_type.elem_type)
        ends = {f"{output.name}/{end}": np.array(value, kind) for end, value in (("least", 0), ("most", 1))}
        model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in ends.items())
        model.graph.node.append(helper.make_node("Clip", [free, *ends], [output.name], f"{output.name}/clip"))
    return model


CHECK = Check(_find, _fix)
