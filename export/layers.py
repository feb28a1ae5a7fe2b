"""The convolutions of a graph as layers of its network: those that share weights are one, and its cost."""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass

import onnx

from .calibration import Feeds
from .graph import CONVOLUTIONS, constants, stride
from .inside import inside


@dataclass(frozen=True)
class Layer:
    """One set of weights. A network that sees two frames through the same eyes uses it in two places."""

    name: str
    """As the network calls it: `body.0`."""
    nodes: tuple[str, ...]


def layers(graph: onnx.GraphProto, skipped: Container[str] = ()) -> list[Layer]:
    """Those whose nodes are not in `skipped`, in the graph's order."""
    shared: dict[str, list[str]] = {}
    for node in graph.node:
        if node.op_type in CONVOLUTIONS and node.name not in skipped:
            shared.setdefault(node.input[1], []).append(node.name)
    return [Layer(_plain(weights), tuple(nodes)) for weights, nodes in shared.items()]


def _plain(weights: str) -> str:
    return weights.removeprefix("network.").removesuffix(".weight")


def work(model: onnx.ModelProto, feeds: Feeds) -> dict[str, float]:
    """Name of each layer -> its share of the multiply-adds of all convolutions; seen on one input."""
    made = {node.name: node for node in model.graph.node if node.op_type in CONVOLUTIONS}
    tensors, outputs = constants(model.graph), [node.output[0] for node in made.values()]
    (seen,) = inside(model, outputs, [feeds])

    def cost(node: onnx.NodeProto) -> float:
        places = seen[node.output[0]][0, 0].size / (stride(node) ** 2 if node.op_type == "ConvTranspose" else 1)
        return places * math.prod(tensors[node.input[1]].dims)

    costs = {layer.name: sum(cost(made[name]) for name in layer.nodes) for layer in layers(model.graph)}
    return {name: one / sum(costs.values()) for name, one in costs.items()}
