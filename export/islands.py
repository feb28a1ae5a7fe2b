"""How much of a network must stay in float for int8 to cost no more than a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import onnx

from ..core.catalog import ENGINES
from ..core.metrics import psnr
from ..core.resize import crop_to_multiple, shrink
from ..core.spec import ModelSpec
from .graph import CONVOLUTIONS

LIMIT = 0.5
"""dB that int8 may lose against fp32 on the calibration pictures, made small and enlarged again."""

_ENGINE = "onnxruntime"

Quantizer = Callable[[Sequence[str]], onnx.ModelProto]
"""Nodes to leave in float -> the int8 graph."""

Pair = tuple[np.ndarray, np.ndarray]
"""A small picture and its truth, both (1, C, H, W) float32 in [0, 1]."""


def with_islands(
    graph: onnx.ModelProto, fixed: Sequence[str], pictures: Sequence[np.ndarray], spec: ModelSpec, quantizer: Quantizer
) -> onnx.ModelProto:
    """The int8 graph with the nodes in `fixed` in float, and as many convolutions as the limit takes.

    `pictures` are (1, C, H, W) float32 in [0, 1]. Islands grow from the output: no later layer smooths
    what is done to the picture there.
    """
    pairs = [_pair(picture, spec) for picture in pictures if min(picture.shape[2:]) >= spec.scale * spec.align]
    allowed = _score(graph, pairs) - LIMIT
    *smaller, largest = _ladder(graph, fixed)
    for islands in smaller:
        made = quantizer(islands)
        if _score(made, pairs) >= allowed:
            return made
    return quantizer(largest)


def _ladder(graph: onnx.ModelProto, fixed: Sequence[str]) -> Iterator[list[str]]:
    """`fixed` with 0, 1, 2, 4, ... of the other convolutions, up to all but one."""
    body = [node.name for node in graph.graph.node if node.op_type in CONVOLUTIONS and node.name not in fixed]
    count, most = 0, max(0, len(body) - 1)
    yield list(fixed)
    while count < most:
        count = min(most, max(1, 2 * count))
        yield [*fixed, *body[-count:]]


def _pair(picture: np.ndarray, spec: ModelSpec) -> Pair:
    truth = crop_to_multiple(np.moveaxis(picture[0], 0, -1), spec.scale * spec.align)
    small, large = (np.ascontiguousarray(np.moveaxis(view, -1, 0)) for view in (shrink(truth, spec.scale), truth))
    return small[None], large[None]


def _score(model: onnx.ModelProto, pairs: Sequence[Pair]) -> float:
    """Mean PSNR in dB over the pairs; inf where there are none."""
    program = ENGINES.get(_ENGINE).load(model.SerializeToString(), 2)
    source, target = model.graph.input[0].name, model.graph.output[0].name
    scores = [psnr(program.run({source: small})[target], large, peak=1.0) for small, large in pairs]
    program.close()
    return float(np.mean(scores)) if scores else float("inf")
