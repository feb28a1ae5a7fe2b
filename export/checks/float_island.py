"""Resize and transposed convolution left in float inside an int8 graph."""

from __future__ import annotations

from collections.abc import Iterator

from ..dataflow import delicate
from ..finding import Check, Finding, Graph
from ..graph import producers

_SLOW = ("ConvTranspose", "Resize", "Upsample")


def _find(graph: Graph) -> Iterator[Finding]:
    made_by, places = producers(graph.model.graph), set(delicate(graph.model.graph).nodes)
    for node in graph.nodes if graph.quantized else ():
        maker = made_by.get(node.input[0])
        quantized = maker is not None and maker.op_type == "DequantizeLinear"
        # What holds places or the picture itself is in float for a reason.
        if node.op_type in _SLOW and not quantized and node.name not in places:
            told = f"{node.op_type} is in float inside an int8 graph, between two changes of kind"
            mend = "end the network in a convolution and a pixel shuffle"
            if node.op_type == "ConvTranspose":
                mend += ", or quantize it: pocketlens export onnx MODEL -o FILE.onnx --precision int8"
            yield Finding("warning", node.name, told, mend)


CHECK = Check(_find)
