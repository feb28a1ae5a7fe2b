"""Resize and transposed convolution left in float inside an int8 graph."""

from __future__ import annotations

from collections.abc import Iterator

from onnx import NodeProto

from ..dataflow import WARP, delicate
from ..finding import Check, Finding, Graph
from ..graph import CONVOLUTIONS, SIZES, upstream

_SLOW = ("ConvTranspose", "Resize", "Upsample")
_ENDS = CONVOLUTIONS | SIZES | {WARP}


def _find(graph: Graph) -> Iterator[Finding]:
    places = set(delicate(graph.model.graph).nodes)
    for node in graph.nodes if graph.quantized else ():
        if node.op_type not in _SLOW or _is_quantized(node, graph):
            continue
        # What holds places or the picture itself is in float for a reason, but not a picture that follows int8 at once.
        if node.name not in places or (_enlarges_int8(node, graph) and not _enlarges_places(node, graph)):
            told = f"{node.op_type} is in float inside an int8 graph, between two changes of kind"
            mend = "end the network in a convolution and a pixel shuffle"
            if node.op_type == "ConvTranspose":
                mend += ", or quantize it: pocketlens export onnx MODEL -o FILE.onnx --precision int8"
            yield Finding("warning", node.name, told, mend)


def _is_quantized(node: NodeProto, graph: Graph) -> bool:
    """Whether all that an int8 layer of its kind reads is int8: of a convolution, the weights too."""
    return all(_is_restored(name, graph) for name in node.input[: 2 if node.op_type in CONVOLUTIONS else 1])


def _enlarges_int8(node: NodeProto, graph: Graph) -> bool:
    """Whether its values come from convolutions of int8."""
    before = upstream(graph.model.graph, node.input[:1], _ENDS)
    return any(one.op_type in CONVOLUTIONS and _is_restored(one.input[0], graph) for one in before)


def _enlarges_places(node: NodeProto, graph: Graph) -> bool:
    """Whether its values, enlarged or not, say where something is fetched from."""
    grids = [one.input[1] for one in graph.nodes if one.op_type == WARP]
    placing = {one.name for one in upstream(graph.model.graph, grids, _ENDS) if one.op_type not in SIZES}
    return any(one.name in placing for one in upstream(graph.model.graph, node.input[:1], _ENDS))


def _is_restored(name: str, graph: Graph) -> bool:
    maker = graph.made_by.get(name)
    return maker is not None and maker.op_type == "DequantizeLinear"


CHECK = Check(_find)
