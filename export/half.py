"""An fp32 graph -> the same in fp16, but for what must keep its digits."""

from __future__ import annotations

import copy

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnx.shape_inference import infer_shapes

from .dataflow import delicate
from .graph import SIZES, array, constants

_HALF = "/half"
"""What the fp16 form of a tensor is called by, behind its name."""
_ALWAYS_FLOAT = {"Resize": (1, 2)}
"""Operator -> inputs that are float32 in any precision."""
_NEVER = ("Cast", "Range")
"""Operators that say what they make, or do not know fp16."""


def half(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy that computes in fp16, but for what `dataflow.delicate` finds, between fp32 ends.

    Casts stand at the borders only. Whatever takes no float, such as a range, makes fp32.
    """
    return narrowed(model, frozenset(delicate(model.graph).nodes))


def narrowed(model: onnx.ModelProto, kept: frozenset[str]) -> onnx.ModelProto:
    """A copy in which every node that computes with floats does so in fp16, but for those named in `kept`."""
    model = copy.deepcopy(model)
    graph, writer = model.graph, _Writer(infer_shapes(model).graph, kept)
    for node in graph.node:
        writer.write(node)
    for output in graph.output:
        writer.wide(output.name)
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(writer.nodes)
    graph.initializer.extend(writer.weights.values())
    return model


class _Writer:
    """Writes a graph's nodes anew; a tensor may have a wide form, a narrow one (`_HALF` behind its name), or both."""

    def __init__(self, graph: onnx.GraphProto, kept: frozenset[str]) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: dict[str, TensorProto] = {}
        self._kept, self._given = kept, constants(graph)
        typed = [*graph.input, *graph.output, *graph.value_info]
        kinds = {value.name: value.type.tensor_type.elem_type for value in typed}
        kinds |= {name: tensor.data_type for name, tensor in self._given.items()}
        self._floats = {name for name, kind in kinds.items() if kind == TensorProto.FLOAT}
        self._made = {value.name for value in graph.input}

    def write(self, node: NodeProto) -> None:
        """Add a node with its inputs in the form it takes, behind the casts that this asks for."""
        copied = copy.deepcopy(node)
        narrow = self._narrows(node)
        for index, name in enumerate(node.input):
            in_half = narrow and name in self._floats and index not in _ALWAYS_FLOAT.get(node.op_type, ())
            if in_half or (node.op_type in SIZES and name not in self._made):
                copied.input[index] = self._narrow(name)
            elif name:
                self.wide(name)
        if narrow:
            copied.output[:] = [name + _HALF if name in self._floats else name for name in node.output]
        self._made.update(copied.output)
        self.nodes.append(copied)

    def wide(self, name: str) -> None:
        """See that a tensor exists as it was."""
        if name in self._made:
            return
        self._made.add(name)
        if name in self._given:
            self.weights[name] = self._given[name]
        else:
            self._cast(name + _HALF, name, TensorProto.FLOAT)

    def _narrow(self, name: str) -> str:
        """See that a tensor exists in fp16; gives the name of that form."""
        narrow = name + _HALF
        if narrow not in self._made:
            self._made.add(narrow)
            if name in self._given:
                self.weights[narrow] = numpy_helper.from_array(array(self._given[name]).astype(np.float16), narrow)
            else:
                self._cast(name, narrow, TensorProto.FLOAT16)
        return narrow

    def _cast(self, source: str, target: str, kind: int) -> None:
        self.nodes.append(helper.make_node("Cast", [source], [target], name=f"to {target}", to=kind))

    def _narrows(self, node: NodeProto) -> bool:
        """Whether a node computes in fp16."""
        floats = any(name in self._floats for name in node.input), any(name in self._floats for name in node.output)
        return all(floats) and node.op_type not in _NEVER and node.name not in self._kept
