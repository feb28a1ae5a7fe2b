"""Which layers of a network int8 computes."""

from __future__ import annotations

from ..core.checkpoint import Checkpoint
from .faces import whole_graph
from .layers import layers
from .quantize import first_convolutions, image_space


def int8_layers(trained: Checkpoint, processor: str, picture: bool) -> list[str]:
    """By name, for `cpu` or `tensorrt`; with `picture` also those that are otherwise left in float for its sake."""
    graph = whole_graph(trained).graph
    in_float = [] if picture else image_space(graph)
    if processor == "tensorrt":
        in_float += first_convolutions(graph)
    return [layer.name for layer in layers(graph, in_float)]


RULE = int8_layers
