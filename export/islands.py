"""How much of a network must stay in float for int8 to cost no more than a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import onnx

from ..core.catalog import ENGINES
from ..core.metrics import psnr
from .calibration import Case
from .graph import CONVOLUTIONS

_ENGINE = "onnxruntime"

Quantizer = Callable[[Sequence[str]], onnx.ModelProto]
"""Nodes to leave in float -> the int8 graph."""


def with_islands(
    graph: onnx.ModelProto, fixed: Sequence[str], cases: Sequence[Case], limit: float, quantizer: Quantizer
) -> onnx.ModelProto:
    """The int8 graph with the nodes in `fixed` in float, and as many convolutions as the limit takes.

    The limit is what may be lost against fp32, in dB over the cases. Islands grow from the output: no later
    layer smooths what is done to the picture there.
    """
    allowed = _score(graph, cases) - limit
    *smaller, largest = _ladder(graph.graph, fixed)
    for islands in smaller:
        made = quantizer(islands)
        if _score(made, cases) >= allowed:
            return made
    return quantizer(largest)


def _ladder(graph: onnx.GraphProto, fixed: Sequence[str]) -> Iterator[list[str]]:
    """`fixed` with 0, 1, 2, 4, ... of the other convolutions, up to all but one.

    Those that share weights are counted as one: a network sees both frames through the same eyes.
    """
    shared: dict[str, list[str]] = {}
    for node in graph.node:
        if node.op_type in CONVOLUTIONS and node.name not in fixed:
            shared.setdefault(node.input[1], []).append(node.name)
    body = list(shared.values())
    count, most = 0, max(0, len(body) - 1)
    yield list(fixed)
    while count < most:
        count = min(most, max(1, 2 * count))
        yield [*fixed, *(name for names in body[-count:] for name in names)]


def _score(model: onnx.ModelProto, cases: Sequence[Case]) -> float:
    """Mean PSNR in dB over the cases; inf where there are none."""
    program = ENGINES.get(_ENGINE).load(model.SerializeToString(), 2)
    output = model.graph.output[0].name
    scores = [psnr(program.run(case.feeds)[output], case.truth, peak=1.0) for case in cases]
    program.close()
    return float(np.mean(scores)) if scores else float("inf")
