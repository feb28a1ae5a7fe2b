"""fp32 graph and calibration pictures -> int8 Q/DQ graphs, one for CPUs and one for TensorRT."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from ..core.errors import need
from .graph import CONVOLUTIONS, array, constants, set_array, upstream
from .rounding import round_kernels

_SIDE = 256
"""Calibration pictures are cut to this many pixels a side: more only takes longer."""


@dataclass(frozen=True)
class Quantized:
    """The same network on 8-bit activations and weights, as each kind of engine wants it."""

    cpu: onnx.ModelProto
    """Unsigned activations after ReLU (u8s8), which CPUs multiply fastest."""
    tensorrt: onnx.ModelProto
    """Signed everywhere (s8s8), the only form TensorRT reads rightly."""


def quantize(graph: onnx.ModelProto, inputs: Sequence[np.ndarray], float_nodes: Sequence[str] = ()) -> Quantized:
    """Quantize the convolutions of an fp32 `float`-face graph with NNCF.

    `inputs` are (1, C, H, W) float32 in [0, 1]; `float_nodes` names convolutions to leave in float.
    What follows the last convolution is image space: a residual added to the picture, where one
    step of an 8-bit grid would show, so it stays in float. Raises MachineCannot without NNCF.
    """
    model = copy.deepcopy(graph)
    round_kernels(model, frozenset(float_nodes))
    ignored = [*_image_space(graph.graph), *float_nodes]
    pictures = [_cut(picture) for picture in inputs]
    return Quantized(_run_nncf(model, pictures, ignored, "MIXED"), signed(_run_nncf(model, pictures, ignored, "PERFORMANCE")))


def _run_nncf(model: onnx.ModelProto, pictures: list[np.ndarray], ignored: list[str], preset: str) -> onnx.ModelProto:
    """`preset`: MIXED gives activations of both signs a zero-point, PERFORMANCE none."""
    nncf = need("nncf", "quant")
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet

    logging.getLogger("nncf").setLevel(logging.ERROR)
    input_name = model.graph.input[0].name
    with contextlib.redirect_stdout(io.StringIO()):  # its bars go where a caller may want JSON
        made = nncf.quantize(
            copy.deepcopy(model),
            nncf.Dataset([{input_name: picture} for picture in pictures]),
            preset=nncf.QuantizationPreset[preset],
            subset_size=len(pictures),
            ignored_scope=nncf.IgnoredScope(names=ignored),
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                # The fix halves the first layer's weights for CPUs without VNNI, off the grid of `round_kernels`,
                # which already keeps the sums that bias correction would mend.
                overflow_fix=nncf.OverflowFix.DISABLE,
                disable_bias_correction=True,
                # The default averages ranges over pictures and so clips the brightest of them.
                activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX,
            ),
        )
    _meet_the_8_bit_grid(made.graph, input_name)
    return made


def convolutions(graph: onnx.ModelProto) -> list[str]:
    """Names of the nodes that can be left in float, first to last."""
    return [node.name for node in graph.graph.node if node.op_type in CONVOLUTIONS]


def signed(model: onnx.ModelProto) -> onnx.ModelProto:
    """Rewrite unsigned quantizers with zero-point 0 as signed ones of the same range.

    TensorRT reads uint8 as int8 with a mere warning and would clip half of the range. 255 steps
    become 127 of a size 255/127 as large.
    """
    model = copy.deepcopy(model)
    del model.graph.value_info[:]  # it tells the old types
    tensors = constants(model.graph)
    rewritten = set()
    for node in model.graph.node:
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear") or len(node.input) < 3:
            continue
        scale, zero = node.input[1:3]
        if zero not in rewritten and array(tensors[zero]).dtype != np.uint8:
            continue
        if zero not in rewritten:
            rewritten.add(zero)
            set_array(tensors[zero], array(tensors[zero]).astype(np.int8))
            set_array(tensors[scale], (array(tensors[scale]) * (255 / 127)).astype(np.float32))
    return model


def _image_space(graph: onnx.GraphProto) -> list[str]:
    tail = upstream(graph, [output.name for output in graph.output], through=CONVOLUTIONS)
    return [node.name for node in tail if node.op_type not in CONVOLUTIONS]


def _meet_the_8_bit_grid(graph: onnx.GraphProto, input_name: str) -> None:
    """A camera's pixels are k/255; on just that grid quantizing the input loses nothing."""
    tensors = constants(graph)
    for node in graph.node:
        if node.op_type == "QuantizeLinear" and node.input[0] == input_name:
            set_array(tensors[node.input[1]], np.float32(1 / 255))


def _cut(picture: np.ndarray) -> np.ndarray:
    top, left = (max(0, (side - _SIDE) // 2) for side in picture.shape[2:])
    return np.ascontiguousarray(picture[:, :, top : top + _SIDE, left : left + _SIDE])

