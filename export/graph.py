"""Plain questions about an ONNX graph, and the little surgery that several files need."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

CONVOLUTIONS = frozenset({"Conv", "ConvTranspose"})
SIZES = frozenset({"Shape", "Size"})
"""What tells of a tensor how large it is, and nothing of its values."""


def constants(graph: onnx.GraphProto) -> dict[str, onnx.TensorProto]:
    """Initializers by name."""
    return {tensor.name: tensor for tensor in graph.initializer}


def array(tensor: onnx.TensorProto) -> np.ndarray:
    """The values of an initializer."""
    return numpy_helper.to_array(tensor)


def set_array(tensor: onnx.TensorProto, values: np.ndarray) -> None:
    """Replace the values of an initializer, keeping its name."""
    tensor.CopyFrom(numpy_helper.from_array(np.asarray(values), tensor.name))


def stride(convolution: onnx.NodeProto) -> int:
    """Its step along a side, which is the same for both."""
    return next((attribute.ints[0] for attribute in convolution.attribute if attribute.name == "strides"), 1)


def walked(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Every node, and after each those in its bodies: of an If, a Loop or a Scan."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for body in (attribute.g, *attribute.graphs):
                yield from walked(body)


def producers(graph: onnx.GraphProto) -> dict[str, onnx.NodeProto]:
    """Tensor name -> the node that makes it."""
    return {name: node for node in graph.node for name in node.output}


def upstream(graph: onnx.GraphProto, tensors: Iterable[str], through: frozenset[str]) -> list[onnx.NodeProto]:
    """Nodes that lead to `tensors`, not going past a node whose operator is in `through`."""
    made_by = producers(graph)
    waiting, seen, found = list(tensors), set(), []
    while waiting:
        node = made_by.get(waiting.pop())
        if node is None or node.name in seen:
            continue
        seen.add(node.name)
        found.append(node)
        if node.op_type not in through:
            waiting += node.input
    return found


def pruned(model: onnx.ModelProto, outputs: Sequence[str]) -> onnx.ModelProto:
    """A copy with these of its outputs, every input, and nothing that the outputs do not need."""
    model = copy.deepcopy(model)
    graph = model.graph
    nodes = {node.name for node in upstream(graph, outputs, through=frozenset())}
    _keep(graph.node, lambda node: node.name in nodes)
    read = {name for node in graph.node for name in node.input}
    _keep(graph.initializer, lambda tensor: tensor.name in read)
    _keep(graph.output, lambda value: value.name in outputs)
    del graph.value_info[:]
    return model


def without_unread(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy without the initializers that nothing reads."""
    model = copy.deepcopy(model)
    read = {name for node in walked(model.graph) for name in node.input}
    read |= {value.name for value in model.graph.output}
    _keep(model.graph.initializer, lambda tensor: tensor.name in read)
    return model


def _keep(entries: Any, wanted: Callable[[Any], bool]) -> None:
    """Delete from a repeated field what is not wanted."""
    for index in reversed(range(len(entries))):
        if not wanted(entries[index]):
            del entries[index]


def named(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with a name for every node, so that each can be told from the others."""
    taken: set[str] = set()
    for index, node in enumerate(model.graph.node):
        if not node.name or node.name in taken:
            node.name = f"{node.op_type}_{index}"
        taken.add(node.name)
    return model


_NUMBERS = {"value_float": np.float32, "value_floats": np.float32, "value_int": np.int64, "value_ints": np.int64}
"""How a Constant node writes its values where not as a tensor -> their kind."""


def lifted(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with initializers for its Constant nodes, so that there is one place to look for what is constant."""
    kept = []
    for node in model.graph.node:
        tensor = _constant(node) if node.op_type == "Constant" else None
        if tensor is None:
            kept.append(node)
        else:
            model.graph.initializer.append(tensor)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    # Before the fourth, initializers were inputs too.
    model.ir_version = max(model.ir_version, 4)
    return model


def _constant(node: onnx.NodeProto) -> onnx.TensorProto | None:
    """The tensor that a Constant node makes; None for words and sparse ones."""
    (attribute,) = node.attribute
    value = helper.get_attribute_value(attribute)
    if attribute.name in _NUMBERS:
        return numpy_helper.from_array(np.asarray(value, _NUMBERS[attribute.name]), node.output[0])
    if attribute.name != "value":
        return None
    tensor = copy.deepcopy(value)
    tensor.name = node.output[0]
    return tensor
