"""ONNX graphs written node by node, from a picture `x` to a picture `y`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def model(
    nodes: list[onnx.NodeProto],
    tensors: Mapping[str, ArrayLike],
    channels: tuple[int, int] = (1, 1),
    opset: int = 18,
    sides: tuple[Any, Any] = ("height", "width"),
    made: onnx.ValueInfoProto | None = None,
) -> onnx.ModelProto:
    """`x` -> `y`, pictures of so many channels; `made`: `y`, where it is another."""
    named = [helper.make_node(n.op_type, n.input, n.output, f"n{i}") for i, n in enumerate(nodes)]
    for fresh, node in zip(named, nodes, strict=True):
        fresh.attribute.extend(node.attribute)
    values = [
        helper.make_tensor_value_info(name, FLOAT, ["n", count, *sides])
        for name, count in zip("xy", channels, strict=True)
    ]
    values = [values[0], made or values[1]]
    held = [numpy_helper.from_array(np.asarray(value), name) for name, value in tensors.items()]
    graph = helper.make_graph(named, "g", values[:1], values[1:], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def node(kind: str, inputs: str, output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(), [output], **attributes)


KERNEL = {"w": np.random.default_rng(0).normal(0, 0.3, (1, 1, 3, 3)).astype(np.float32)}
CONV = node("Conv", "x w", "c", pads=[1, 1, 1, 1])
CLIP = node("Clip", "c lo hi", "y")
ENDS = {"lo": np.float32(0), "hi": np.float32(1)}


def quantizers(fed: str, made: str, scale: str = "s", zero: str = "z") -> list[onnx.NodeProto]:
    """A tensor put on a grid and restored; no zero-point is written for an empty one."""
    grid = f"{scale} {zero}".strip()
    return [
        node("QuantizeLinear", f"{fed} {grid}", f"{made}/levels"),
        node("DequantizeLinear", f"{made}/levels {grid}", made),
    ]
