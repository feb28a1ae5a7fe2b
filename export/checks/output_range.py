"""A picture that nothing keeps in its range."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from ..finding import Check, Finding, Graph
from ..graph import array
from ..unfold import unfolded

_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)
_MOVES = {"Cast", "DepthToSpace", "DequantizeLinear", "Identity", "QuantizeLinear", "Reshape", "Slice", "Transpose"}
"""Operators that change no value much."""
_TO_BYTES = {"Add", "Ceil", "Div", "Floor", "Mul", "Round"}
"""And those that only make 0..1 bytes."""
_BOUNDED = {"HardSigmoid", "Sigmoid", "Where"}
_CHANNELS = (1, 3)
_PLANES = 4
"""Up to as many of the last dimension are channels and no width."""
_WHITE = (1, 255)


@dataclass(frozen=True)
class _Loose:
    """A picture that may take any value."""

    output: onnx.ValueInfoProto
    cast: NodeProto | None
    """What makes bytes of it, if it is one of bytes."""

    @property
    def most(self) -> int:
        """What white is."""
        return 1 if self.cast is None else 255


def _loose(graph: Graph) -> Iterator[_Loose]:
    for output in graph.model.graph.output:
        kind = output.type.tensor_type.elem_type
        if not _is_picture(output):
            continue
        if kind in _FLOATS and not _is_kept(output.name, graph, _MOVES):
            yield _Loose(output, None)
        elif kind == TensorProto.UINT8:
            casts = _casts(output.name, graph)
            free = [cast for cast in casts if not _is_kept(cast.input[0], graph, _MOVES | _TO_BYTES)]
            if free:
                yield _Loose(output, free[0])


def _is_picture(output: onnx.ValueInfoProto) -> bool:
    """Whether it has the channels of one, first or last, or does not say how many."""
    dims = [dim.dim_value for dim in output.type.tensor_type.shape.dim]
    if len(dims) != 4:
        return False
    channels = dims[3] if 0 < dims[3] <= _PLANES else dims[1]
    return channels in (0, *_CHANNELS)


def _casts(name: str, graph: Graph) -> list[NodeProto]:
    """The node that makes bytes of floats, or one in each branch; none where a quantizer does, which clips."""
    maker = graph.made_by.get(name)
    while maker is not None and maker.op_type in _MOVES - {"Cast", "QuantizeLinear"}:
        maker = graph.made_by.get(maker.input[0])
    if maker is None:
        return []
    if maker.name in graph.choices:
        return [cast for branch in maker.input[1:] for cast in _casts(branch, graph)]
    return [maker] if maker.op_type == "Cast" and graph.kinds.get(maker.input[0]) in _FLOATS else []


def _is_kept(name: str, graph: Graph, through: set[str]) -> bool:
    """Whether what makes a tensor keeps it at zero or above, and below white."""
    low, high = -inf, inf
    maker = graph.made_by.get(name)
    while maker is not None:
        if maker.name in graph.choices:
            return all(_is_kept(branch, graph, through) for branch in maker.input[1:])
        if maker.op_type in _BOUNDED:
            return True
        ends = _ends(maker, graph)
        if ends is None and maker.op_type not in through:
            break
        if ends is not None:
            low, high = max(low, ends[0]), min(high, ends[1])
        fed = [one for one in maker.input if one and one not in graph.constants]
        maker = graph.made_by.get(fed[0]) if fed else None
    return low >= 0 and (high <= min(_WHITE) or high in _WHITE)


def _ends(node: NodeProto, graph: Graph) -> tuple[float, float] | None:
    """What a node holds values between; None for one that holds them nowhere."""
    written = [array(graph.constants[name]) for name in node.input if name in graph.constants]
    if node.op_type == "Relu":
        return 0, inf
    if node.op_type in ("Max", "Min") and written:
        ends = np.concatenate([one.ravel() for one in written])
        return (float(ends.min()), inf) if node.op_type == "Max" else (-inf, float(ends.max()))
    if node.op_type != "Clip":
        return None
    ends = {attribute.name: attribute.f for attribute in node.attribute}
    for end, name in zip(("min", "max"), node.input[1:], strict=False):
        if name:
            # An end that is computed is meant for something.
            ends[end] = float(array(graph.constants[name])) if name in graph.constants else min(_WHITE)
    return ends.get("min", -inf), ends.get("max", inf)


def _find(graph: Graph) -> Iterator[Finding]:
    for loose in _loose(graph):
        kept = f"nothing keeps this picture in [0, {loose.most}]"
        told = f"{kept}: what is stored in bytes may wrap round, white to black"
        yield Finding("warning", loose.output.name, told, "end the graph in a Clip", fixable=True)


def _fix(model: onnx.ModelProto) -> onnx.ModelProto:
    """A Clip before each such output, or before the cast to its bytes."""
    model = copy.deepcopy(model)
    graph, whole = Graph(model), unfolded(model)
    told = {loose.output.name for loose in _loose(Graph(whole.model, whole.choices))}
    for loose in [one for one in _loose(graph) if one.output.name in told]:
        name = loose.output.name
        free, kept = (f"{name}/free", name) if loose.cast is None else (loose.cast.input[0], f"{name}/kept")
        kind = helper.tensor_dtype_to_np_dtype(graph.kinds[free if loose.cast else name])
        ends = {f"{name}/{end}": np.array(value, kind) for end, value in (("least", 0), ("most", loose.most))}
        model.graph.initializer.extend(numpy_helper.from_array(value, end) for end, value in ends.items())
        clip = helper.make_node("Clip", [free, *ends], [kept], f"{name}/clip")
        if loose.cast is None:
            _rename(model.graph, name, free)
            model.graph.node.append(clip)
        else:
            model.graph.node.insert(list(model.graph.node).index(loose.cast), clip)
            loose.cast.input[0] = kept
    return model


def _rename(graph: onnx.GraphProto, name: str, new: str) -> None:
    for node in graph.node:
        node.input[:] = [new if one == name else one for one in node.input]
        node.output[:] = [new if one == name else one for one in node.output]


CHECK = Check(_find, _fix)
