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
from ..core.spec import ModelSpec
from .graph import CONVOLUTIONS, array, constants, set_array, upstream
from .islands import with_islands
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


def quantize(graph: onnx.ModelProto, inputs: Sequence[np.ndarray], spec: ModelSpec) -> Quantized:
    """Quantize the convolutions of an fp32 `float`-face graph with NNCF, but for those in float islands.

    `inputs` are (1, C, H, W) float32 in [0, 1]. Raises MachineCannot without NNCF.
    """
    pictures = [_cut(picture) for picture in inputs]
    fixed = image_space(graph.graph)
    # Signed 8 bits hold a picture of 0..255 in 7, so TensorRT's first convolution reads it in float.
    first = next(node.name for node in graph.graph.node if node.op_type in CONVOLUTIONS)

    def mixed(islands: Sequence[str]) -> onnx.ModelProto:
        return _run_nncf(graph, pictures, islands, "MIXED")

    def symmetric(islands: Sequence[str]) -> onnx.ModelProto:
        return signed(_run_nncf(graph, pictures, islands, "PERFORMANCE"))

    return Quantized(
        cpu=with_islands(graph, fixed, pictures, spec, mixed),
        tensorrt=with_islands(graph, list(dict.fromkeys([*fixed, first])), pictures, spec, symmetric),
    )


def image_space(graph: onnx.GraphProto) -> list[str]:
    """The nodes that work on the picture itself, where one step of an 8-bit grid would show.

    They follow the last convolution. Where a skip brings the input there, the convolutions make but a
    residual to it. Where none does, the picture goes through them: the first and the last of them are
    image space too, and so are the 1x1 ones, which cost little and have no kernel to keep the sum of.
    """
    tail = upstream(graph, [output.name for output in graph.output], through=CONVOLUTIONS)
    after = [node for node in tail if node.op_type not in CONVOLUTIONS]
    names = [node.name for node in after]
    if any(graph.input[0].name in node.input for node in after):
        return names
    weights = constants(graph)
    convolutions = [node for node in graph.node if node.op_type in CONVOLUTIONS]
    pointwise = [node for node in convolutions if weights[node.input[1]].dims[-2:] == [1, 1]]
    ends = (convolutions[0], convolutions[-1])
    return [*names, *dict.fromkeys(node.name for node in (*pointwise, *ends))]


def _run_nncf(
    graph: onnx.ModelProto, pictures: Sequence[np.ndarray], islands: Sequence[str], preset: str
) -> onnx.ModelProto:
    """`preset`: MIXED gives activations of both signs a zero-point, PERFORMANCE none."""
    nncf = need("nncf", "quant")
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet

    logging.getLogger("nncf").setLevel(logging.ERROR)
    model = copy.deepcopy(graph)
    round_kernels(model, islands)
    input_name = model.graph.input[0].name
    # Few photographs hold pure black and white; a camera's frames do.
    extremes = [np.full_like(pictures[0], level) for level in (0, 1)]
    with contextlib.redirect_stdout(io.StringIO()):  # its bars go where a caller may want JSON
        made = nncf.quantize(
            model,
            nncf.Dataset([{input_name: picture} for picture in (*pictures, *extremes)]),
            preset=nncf.QuantizationPreset[preset],
            subset_size=len(pictures) + len(extremes),
            ignored_scope=nncf.IgnoredScope(names=list(islands)),
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                # The fix halves the first layer's weights for CPUs without VNNI, off the grid of `round_kernels`,
                # which already keeps the sums that bias correction would mend.
                overflow_fix=nncf.OverflowFix.DISABLE,
                disable_bias_correction=True,
                # The default averages ranges over pictures, dark ones too, and so clips white to grey.
                activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX,
            ),
        )
    _meet_the_8_bit_grid(made.graph, input_name)
    return made


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


def _meet_the_8_bit_grid(graph: onnx.GraphProto, input_name: str) -> None:
    """A camera's pixels are k/255; on just that grid quantizing the input loses nothing."""
    tensors = constants(graph)
    for node in graph.node:
        if node.op_type == "QuantizeLinear" and node.input[0] == input_name:
            set_array(tensors[node.input[1]], np.array(1 / 255, np.float32))


def _cut(picture: np.ndarray) -> np.ndarray:
    top, left = (max(0, (side - _SIDE) // 2) for side in picture.shape[2:])
    return np.ascontiguousarray(picture[:, :, top : top + _SIDE, left : left + _SIDE])
