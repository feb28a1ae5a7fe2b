"""Steps of activations as fine as pays, though they then clip what is rare.

A grid that reaches the largest value seen takes its step from one pixel in a million, and rounds all others for it. So
each range is narrowed to the part of it that rounds and clips with the least squared error, over all that was seen
(the search for one range by mean squared error of Nagel et al. 2021, "A White Paper on Neural Network Quantization").
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import onnx

from .calibration import Feeds
from .graph import array, constants, set_array
from .inside import inside

_PARTS = np.array([1.0, 0.9, 0.8, 0.7, 0.6, 0.5])
"""Of a range: where half of it errs least, the largest values are no accident."""


def narrowed(quantized: onnx.ModelProto, exact: onnx.ModelProto, watched: Sequence[Feeds]) -> onnx.ModelProto:
    """The same Q/DQ graph with narrower ranges of what its layers make; what it is given keeps its grid.

    `exact`: the float graph that it was made of, in which the ranges are looked at.
    """
    model = copy.deepcopy(quantized)
    held = constants(model.graph)
    made = {name for node in exact.graph.node for name in node.output}
    quantizers = [node for node in model.graph.node if node.op_type == "QuantizeLinear" and node.input[0] in made]
    grids = [(array(held[node.input[1]]), array(held[node.input[2]])) for node in quantizers]
    errors = np.zeros((len(quantizers), len(_PARTS)))
    if quantizers:
        for seen in inside(exact, sorted({node.input[0] for node in quantizers}), watched):
            errors += [_errors(seen[node.input[0]], *grid) for node, grid in zip(quantizers, grids, strict=True)]
    best = {node.input[1]: part for node, part in zip(quantizers, _PARTS[errors.argmin(1)], strict=True)}
    for scale, part in best.items():
        set_array(held[scale], (array(held[scale]) * part).astype(np.float32))
    return model


def _errors(values: np.ndarray, step: np.ndarray, zero: np.ndarray) -> list[float]:
    """Mean square of what rounding and clipping do, for each part of the range."""
    low, high = (np.iinfo(zero.dtype).min - int(zero), np.iinfo(zero.dtype).max - int(zero))
    steps = step * _PARTS.astype(np.float32)
    return [float(np.mean((np.clip(np.rint(values / one), low, high) * one - values) ** 2)) for one in steps]
