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


def _find(graph: Graph) -> Iterator[Finding]:
    for node in _places(graph):
        told = f"{node.op_type} counts places for GridSample in fp16, which holds no half pixel from 1024 on"
        mend = "keep it in fp32, as pocketlens export onnx --precision fp16 does; --fix does"
        yield Finding("error", node.name, told, mend)


def _fix(model: onnx.ModelProto) -> onnx.ModelProto:
    """Those nodes, and the warps they lead to, in fp32, between casts."""
    model = copy.deepcopy(model)
    graph = Graph(model)
    wide = {node.name for node in _places(graph)}
    warps = {node.name for node in graph.nodes if node.op_type == WARP and graph.kinds.get(node.output[0]) == _HALF}
    widened: set[str] = set()
    nodes: list[NodeProto] = []

    def single(name: str) -> str:
        """The tensor in fp32, cast where it is first asked for."""
        if name not in widened:
            widened.add(name)
            nodes.append(helper.make_node("Cast", [name], [f"{name}/single"], f"{name}/cast", to=_SINGLE))
        return f"{name}/single"

    for node in graph.nodes:
        if node.name not in wide | warps:
            nodes.append(node)
            continue
        for index, name in enumerate(node.input):
            if graph.kinds.get(name) == _HALF:
                node.input[index] = single(name)
        made = list(node.output)
        node.output[:] = [f"{name}/single" for name in made]
        widened.update(made)
        nodes.append(node)
        nodes += [helper.make_node("Cast", [f"{name}/single"], [name], f"{name}/half", to=_HALF) for name in made]
    del model.graph.node[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
    return model


CHECK = Check(_find, _fix)
