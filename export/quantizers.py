"""Q/DQ nodes: the grid that each counts on, and how one off zero or unsigned becomes int8 about zero.

TensorRT refuses zero-points, and reads uint8 as int8 with a mere warning and so clips half of the range.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from .finding import Graph
from .graph import array, without_unread

_QUANTIZE, _RESTORE = "QuantizeLinear", "DequantizeLinear"
_LEAST, _MOST = -128, 127
_NEVER_BELOW_ZERO = ("Relu", "Sigmoid")
MEND = "pocketlens export onnx MODEL -o FILE.onnx --precision int8 --for tensorrt"
COST = "what was uint8 has up to half as many levels as int8"


def grids(graph: Graph) -> Iterator[tuple[NodeProto, np.ndarray]]:
    """Each quantizer and its zero-point, that which ONNX takes where none is written; none that is computed."""
    for node in graph.nodes:
        zero = _zero(node, graph) if node.op_type in (_QUANTIZE, _RESTORE) else None
        if zero is not None:
            yield node, zero


def _zero(node: NodeProto, graph: Graph) -> np.ndarray | None:
    written = node.input[2] if len(node.input) > 2 else ""
    if written:
        return array(graph.constants[written]) if written in graph.constants else None
    kind = graph.kinds.get(node.output[0] if node.op_type == _QUANTIZE else node.input[0])
    zeros = {int(TensorProto.UINT8): np.zeros((), np.uint8), int(TensorProto.INT8): np.zeros((), np.int8)}
    return None if kind is None else zeros.get(kind)


def off_int8(graph: Graph) -> list[tuple[NodeProto, np.ndarray]]:
    """The quantizers on another 8-bit grid than int8 about zero that `symmetric` brings there.

    Not those whose scale is computed, activations with a scale for each channel, and integers that something
    reads which does not restore them: an integer convolution, the one who runs the graph.
    """
    off = {node.name: (node, zero) for node, zero in grids(graph) if _is_off(zero) and _is_plain(node, graph)}
    readers: dict[str, list[NodeProto]] = defaultdict(list)
    for node in graph.nodes:
        for name in node.input:
            readers[name].append(node)
    given_out = {value.name for value in graph.model.graph.output}

    def movable(node: NodeProto) -> bool:
        """Whether all who count on the same integers can be brought along."""
        if node.op_type == _QUANTIZE:
            levels = node.output[0]
            alone = levels not in given_out and all(other.op_type == _RESTORE for other in readers[levels])
            return alone and all(other.name in off for other in readers[levels])
        maker = graph.made_by.get(node.input[0])
        if maker is None:
            return node.input[0] in graph.constants
        return maker.op_type == _QUANTIZE and maker.name in off and movable(maker)

    return [(node, zero) for node, zero in off.values() if movable(node)]


def _is_off(zero: np.ndarray) -> bool:
    return zero.dtype == np.uint8 or (zero.dtype == np.int8 and bool(np.any(zero)))


def _is_plain(node: NodeProto, graph: Graph) -> bool:
    scale = graph.constants.get(node.input[1])
    if scale is None:
        return False
    return array(scale).size == 1 or (len(scale.dims) == 1 and node.input[0] in graph.constants)


def symmetric(model: onnx.ModelProto) -> onnx.ModelProto:
    """Those quantizers as int8 about zero, over a range that holds theirs: up to half as many levels are left to it.

    255 unsigned steps become 127 of a size 255/127 as large; uint8 about 128 stays what it is.
    """
    model = copy.deepcopy(model)
    graph, held = Graph(model), dict[str, np.ndarray]()
    for node, zero in off_int8(graph):
        # By both names: many quantizers may share a scale, or a zero.
        key = "/".join(node.input[1:])
        scale, larger = array(graph.constants[node.input[1]]), _growth(zero)
        held[f"{key}/scale"] = (scale * larger).astype(scale.dtype)
        held[f"{key}/zero"] = np.zeros(scale.shape, np.int8)
        if node.input[0] in graph.constants:
            levels = array(graph.constants[node.input[0]])
            steps = (levels.astype(np.float64) - _along(node, levels, zero)) / _along(node, levels, larger)
            held[f"{node.input[0]}/{key}"] = np.clip(np.rint(steps), _LEAST, _MOST).astype(np.int8)
            node.input[0] = f"{node.input[0]}/{key}"
        node.input[1:] = [f"{key}/scale", f"{key}/zero"]
    model.graph.initializer.extend(numpy_helper.from_array(values, name) for name, values in held.items())
    del model.graph.value_info[:]  # it tells the old types
    return without_unread(model)


def _ends(zero: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the most that it counts to, in steps from its zero-point."""
    limits, middle = np.iinfo(zero.dtype), zero.astype(np.int64)
    return limits.min - middle, limits.max - middle


def _growth(zero: np.ndarray) -> np.ndarray:
    """By how much the steps of int8 about zero must be larger to reach as far."""
    least, most = _ends(zero)
    return np.maximum(least / _LEAST, most / _MOST)


def _along(node: NodeProto, levels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """One value, or one for each place on the node's axis, as goes with its levels."""
    if values.size == 1:
        return values.reshape(())
    axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1)
    shape = [1] * levels.ndim
    shape[axis] = -1
    return values.reshape(shape)


def bounded(model: onnx.ModelProto) -> onnx.ModelProto:
    """A Clip before each quantizer whose range `symmetric` makes wider: what it cut off, as a ReLU does, stays cut."""
    model = copy.deepcopy(model)
    graph, clipped = Graph(model), dict[str, NodeProto]()
    for node, zero in off_int8(graph):
        least, most = (int(end.flat[0]) for end in _ends(zero))
        maker = graph.made_by.get(node.input[0])
        positive = least == 0 and maker is not None and maker.op_type in _NEVER_BELOW_ZERO
        if node.op_type != _QUANTIZE or (least, most) == (_LEAST, _MOST) or positive:
            continue
        scale = array(graph.constants[node.input[1]]).reshape(())
        ends = {f"{node.name}/least": least * scale, f"{node.name}/most": most * scale}
        held = [numpy_helper.from_array(end.astype(scale.dtype), name) for name, end in ends.items()]
        model.graph.initializer.extend(held)
        name = f"{node.name}/clipped"
        clipped[node.name] = helper.make_node("Clip", [node.input[0], *ends], [name], f"{node.name}/clip")
        node.input[0] = name
    ordered = [one for node in model.graph.node for one in (clipped.get(node.name), node) if one is not None]
    del model.graph.node[:]
    model.graph.node.extend(ordered)
    return model


def mended(model: onnx.ModelProto) -> onnx.ModelProto:
    """Quantizers as TensorRT reads them, and the picture as it was but for finer steps."""
    return symmetric(bounded(model))
