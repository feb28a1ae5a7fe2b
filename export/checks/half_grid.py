"""Places in a frame counted in fp16, which has too few digits for them: pictures shake, the more the wider they are."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import onnx
from onnx import NodeProto, TensorProto, helper

from ..dataflow import WARP
from ..finding import Check, Finding, Graph
from ..graph import CONVOLUTIONS, SIZES, upstream

_HALF, _SINGLE = TensorProto.FLOAT16, TensorProto.FLOAT


def _places(graph: Graph) -> list[NodeProto]:
    """The nodes that count places in fp16, in the graph's order; what only changes the kind of values is none."""
    grids = [node.input[1] for node in graph.nodes if node.op_type == WARP]
    found = {node.name for node in upstream(graph.model.graph, grids, through=CONVOLUTIONS | SIZES | {WARP})}
    return [
        node
        for node in graph.nodes
        if node.name in found
        and node.op_type not in CONVOLUTIONS | SIZES | {WARP, "Cast", "Constant"}
        and graph.kinds.get(node.output[0]) == _HALF
    ]


def _warps(graph: Graph) -> list[NodeProto]:
    """The nodes that are given places in fp16, though it be at the graph's own edge and in fp32 after that."""
    return [
        node
        for node in graph.nodes
        if node.op_type == WARP and (graph.kinds.get(node.input[1]) == _HALF or _is_given_half(node, graph))
    ]


def _is_given_half(warp: NodeProto, graph: Graph) -> bool:
    """Whether its places are an input or a constant in fp16: no cast brings back their digits."""
    source = _uncast(warp.input[1], graph)
    return source not in graph.made_by and graph.kinds.get(source) == _HALF


def _uncast(name: str, graph: Graph) -> str:
    """The tensor that casts make this one of."""
    while (maker := graph.made_by.get(name)) is not None and maker.op_type == "Cast":
        name = maker.input[0]
    return name


def _find(graph: Graph) -> Iterator[Finding]:
    told, mend = "in fp16, which holds no half pixel from 1024 on", "as pocketlens export onnx --precision fp16 does"
    for node in _places(graph):
        told_of = f"{node.op_type} counts places for GridSample {told}"
        yield Finding("error", node.name, told_of, f"keep it in fp32, {mend}", fixable=True)
    for node in _warps(graph):
        fixable = not _is_given_half(node, graph)
        kept = "keep them in fp32" if fixable else "make that input or constant fp32"
        yield Finding("error", node.name, f"GridSample is given its places {told}", f"{kept}, {mend}", fixable)


def _fix(model: onnx.ModelProto) -> onnx.ModelProto:
    """Those nodes, and the warps they lead to, in fp32, between casts; a cast from fp32 to fp16 is gone round."""
    model = copy.deepcopy(model)
    graph = Graph(model)
    wide = {node.name for node in (*_places(graph), *_warps(graph))}
    widened: set[str] = set()
    nodes: list[NodeProto] = []

    def single(name: str) -> str:
        """The tensor in fp32, cast where it is first asked for."""
        if graph.kinds.get(source := _uncast(name, graph)) == _SINGLE:
            return source
        if name not in widened:
            widened.add(name)
            nodes.append(helper.make_node("Cast", [name], [f"{name}/single"], f"{name}/cast", to=_SINGLE))
        return f"{name}/single"

    for node in graph.nodes:
        for index, name in enumerate(node.input if node.name in wide else ()):
            if graph.kinds.get(name) == _HALF:
                node.input[index] = single(name)
        nodes.append(node)
        for index, name in enumerate(node.output if node.name in wide else ()):
            if graph.kinds.get(name) == _HALF:
                node.output[index] = f"{name}/single"
                widened.add(name)
                nodes.append(helper.make_node("Cast", [f"{name}/single"], [name], f"{name}/half", to=_HALF))
    del model.graph.node[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
    return model


CHECK = Check(_find, _fix)
