"""What TensorRT refuses, or takes for something else, in one table: export says so before it asks TensorRT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx

from .checks import grid_sample
from .finding import Check, Graph
from .graph import array


@dataclass(frozen=True)
class Refusal:
    """One kind of graph that no plan is built of."""

    told: str
    """What it is, and what TensorRT would make of it."""
    mend: str
    """The command that makes the right one."""
    found: Callable[[Graph], bool]


def _for_a_cpu(graph: Graph) -> bool:
    return any(_unlike_tensorrt(node, graph) for node in graph.nodes)


def _unlike_tensorrt(node: onnx.NodeProto, graph: Graph) -> bool:
    """Whether it quantizes to something other than int8 around zero, or restores a 32-bit bias."""
    if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
        return False
    source = graph.constants.get(node.input[0])
    if source is not None and source.data_type == onnx.TensorProto.INT32:
        return True
    if len(node.input) < 3:
        # Where ONNX is not told a type it takes uint8.
        return node.op_type == "QuantizeLinear" and not any(one.name == "output_dtype" for one in node.attribute)
    zero = graph.constants.get(node.input[2])
    return zero is not None and (array(zero).dtype != np.int8 or bool(np.any(array(zero))))


def _by(check: Check) -> Callable[[Graph], bool]:
    """Whether a check of `pocketlens doctor` finds an error."""
    return lambda graph: any(finding.severity == "error" for finding in check.find(graph))


REFUSALS = {
    "int8 for a cpu": Refusal(
        "is int8 made for a CPU, which TensorRT refuses or reads wrongly",
        "pocketlens export onnx MODEL -o FILE.onnx --precision int8 --for tensorrt",
        _for_a_cpu,
    ),
    "warp": Refusal(
        "has a GridSample that TensorRT takes for nearest neighbour (opset 20) or refuses (volumes)",
        "pocketlens doctor GRAPH.onnx --fix -o FILE.onnx",
        _by(grid_sample.CHECK),
    ),
}
"""Every student in every precision and face that is exported for TensorRT is free of these."""
