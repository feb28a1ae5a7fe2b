"""How much of a network must stay in float for int8 to cost no more than a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import onnx

from .calibration import Case
from .layers import layers
from .likeness import pictures, score

Quantizer = Callable[[Sequence[str]], onnx.ModelProto]
"""Nodes to leave in float -> the int8 graph."""


def with_islands(
    graph: onnx.ModelProto, fixed: Sequence[str], cases: Sequence[Case], limit: float, quantizer: Quantizer
) -> onnx.ModelProto:
    """The int8 graph with the nodes in `fixed` in float, and as many convolutions as the limit takes.

    The limit is what may be lost against fp32, in dB over the cases. Islands grow from the output: no later
    layer smooths what is done to the picture there.
    """
    allowed = score(pictures(graph, cases), cases) - limit
    *smaller, largest = _ladder(graph.graph, fixed)
    for islands in smaller:
        made = quantizer(islands)
        if score(pictures(made, cases), cases) >= allowed:
            return made
    return quantizer(largest)


def _ladder(graph: onnx.GraphProto, fixed: Sequence[str]) -> Iterator[list[str]]:
    """`fixed` with 0, 1, 2, 4, ... of the other convolutions, up to all but one.

    Those that share weights are counted as one: a network sees both frames through the same eyes.
    """
    body = layers(graph, fixed)
    count, most = 0, max(0, len(body) - 1)
    yield list(fixed)
    while count < most:
        count = min(most, max(1, 2 * count))
        yield [*fixed, *(name for layer in body[-count:] for name in layer.nodes)]
