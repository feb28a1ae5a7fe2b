"""Plain questions about an ONNX graph, and the little surgery that several files need."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import numpy_helper

CONVOLUTIONS = frozenset({"Conv", "ConvTranspose"})


def constants(graph: onnx.GraphProto) -> dict[str, onnx.TensorProto]:
    """Initializers by name."""
    return {tensor.name: tensor for tensor in graph.initializer}


def array(tensor: onnx.TensorProto) -> np.ndarray:
    """The values of an initializer."""
    return numpy_helper.to_array(tensor)


def set_array(tensor: onnx.TensorProto, values: np.ndarray) -> None:
    """Replace the values of an initializer, keeping its name."""
    tensor.CopyFrom(numpy_helper.from_array(np.asarray(values), tensor.name))


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
