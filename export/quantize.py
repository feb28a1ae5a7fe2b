"""fp32 graph and calibration -> int8 Q/DQ graphs, one for CPUs and one for TensorRT."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from torch import Tensor

from ..core.errors import need
from ..core.manifest import MOMENT
from ..core.spec import ModelSpec
from .balance import balanced
from .calibration import Calibration, Case, Feeds, middles_of
from .dataflow import WARP, delicate, warps
from .graph import CONVOLUTIONS, SIZES, array, constants, set_array, upstream
from .islands import Quantizer, with_islands
from .narrow import narrowed
from .patches import moments
from .quantizers import symmetric
from .rounding import round_kernels
from .spread import spread

LIMITS = {"upscale": 0.3, "interpolate": 0.15}
"""Task -> dB that int8 may lose against fp32 on the calibration: on pictures made small and enlarged again, where three
times as much is lost as on photographs of the test sets, or on the pictures between pairs of frames."""


@dataclass(frozen=True)
class Quantized:
    """The same network on 8-bit activations and weights, as each kind of engine wants it."""

    cpu: onnx.ModelProto
    """Unsigned activations (u8s8), which CPUs multiply fastest."""
    tensorrt: onnx.ModelProto
    """Signed everywhere (s8s8), the only form TensorRT reads rightly."""


@dataclass(frozen=True)
class Form:
    """How a network is quantized for one kind of engine."""

    graph: onnx.ModelProto
    """fp32, its branches balanced."""
    fixed: list[str]
    """The nodes that are in float whatever the limit."""
    quantizer: Quantizer

    def within(self, limit: float, scored: Sequence[Case]) -> onnx.ModelProto:
        """The int8 graph that is exported: `with_islands`."""
        return with_islands(self.graph, self.fixed, scored, limit, self.quantizer)


def quantize(graph: onnx.ModelProto, calibration: Calibration, spec: ModelSpec) -> Quantized:
    """Quantize the convolutions of an fp32 graph with NNCF, but for those in float islands.

    The graph's first output is the picture. Raises MachineCannot without NNCF.
    """
    found = forms(graph, calibration.watched)
    return Quantized(
        **{processor: form.within(LIMITS[spec.task], calibration.scored) for processor, form in found.items()}
    )


def forms(graph: onnx.ModelProto, watched: Sequence[Feeds]) -> dict[str, Form]:
    """`cpu` and `tensorrt` -> how an fp32 graph is quantized for it, with ranges as seen on `watched`."""
    fixed = image_space(graph.graph)
    graph, gains = balanced(graph, watched, fixed)
    fixed, middles = [*fixed, *gains], middles_of(watched)
    graphs = {
        processor: spread(graph, middles, fixed, processor == "tensorrt") if goes_through(graph.graph) else graph
        for processor in ("cpu", "tensorrt")
    }
    seen = moments(graphs["cpu"], middles, fixed)
    # Signed 8 bits hold a picture of 0..255 in 7, so TensorRT's first convolution reads it in float.
    first = [name for name in first_convolutions(graph.graph) if name not in fixed]

    def unsigned(islands: Sequence[str]) -> onnx.ModelProto:
        # What is balanced lies evenly about zero.
        made = _run_nncf(graphs["cpu"], watched, islands, "PERFORMANCE" if gains else "MIXED", seen)
        return narrowed(about_zero_points(made), graphs["cpu"], middles)

    def all_signed(islands: Sequence[str]) -> onnx.ModelProto:
        made = symmetric(_run_nncf(graphs["tensorrt"], watched, islands, "PERFORMANCE", seen))
        return narrowed(made, graphs["tensorrt"], middles)

    return {
        "cpu": Form(graphs["cpu"], fixed, unsigned),
        "tensorrt": Form(graphs["tensorrt"], [*fixed, *first], all_signed),
    }


def goes_through(graph: onnx.GraphProto) -> bool:
    """Whether the picture goes through the convolutions: nothing warps it, and no skip brings it to the end."""
    after = set(delicate(graph).nodes)
    skips = any(graph.input[0].name in node.input for node in graph.node if node.name in after)
    return not warps(graph) and not skips


def image_space(graph: onnx.GraphProto) -> list[str]:
    """The nodes that work on the picture, or on places in it, where one step of an 8-bit grid would show.

    They are what `dataflow.delicate` finds: all that follows the last convolutions. Where the graph warps, the
    convolutions that read nothing but motion are among them; those that the motion comes out of make but what is
    added to it. Where a skip brings the input there, the convolutions make but a residual to it. Where neither is so,
    the picture goes through the convolutions: the first and the last of them are image space too, and so are the 1x1
    ones, which cost little and have no kernel to keep the sum of.
    """
    found = delicate(graph)
    if warps(graph):
        return [*found.nodes, *_reading_motion(graph, found.heads)]
    if not goes_through(graph):
        return list(found.nodes)
    weights = constants(graph)
    convolutions = [node for node in graph.node if node.op_type in CONVOLUTIONS]
    pointwise = [node for node in convolutions if weights[node.input[1]].dims[-2:] == [1, 1]]
    ends = (convolutions[0], convolutions[-1])
    return [*found.nodes, *dict.fromkeys(node.name for node in (*pointwise, *ends))]


def _reading_motion(graph: onnx.GraphProto, heads: Collection[str]) -> Iterator[str]:
    """The convolutions that read motion and moments alone, and neither frames nor features."""
    ends = CONVOLUTIONS | SIZES | {WARP}
    frames = {value.name for value in graph.input} - {MOMENT}
    for node in graph.node:
        if node.op_type not in CONVOLUTIONS or node.name in heads:
            continue
        before = upstream(graph, node.input[:1], through=ends)
        read = {node.input[0]}.union(*(one.input for one in before if one.op_type not in ends))
        features = any(one.op_type in CONVOLUTIONS | {WARP} and one.name not in heads for one in before)
        if not features and not read & frames:
            yield node.name


def first_convolutions(graph: onnx.GraphProto) -> list[str]:
    """The convolutions that no other one leads to: what they read is a picture."""

    def reads_a_picture(node: onnx.NodeProto) -> bool:
        before = upstream(graph, node.input[:1], through=CONVOLUTIONS)
        return not any(other.op_type in CONVOLUTIONS for other in before)

    return [node.name for node in graph.node if node.op_type in CONVOLUTIONS and reads_a_picture(node)]


def _run_nncf(
    graph: onnx.ModelProto, watched: Sequence[Feeds], islands: Sequence[str], preset: str, seen: Mapping[str, Tensor]
) -> onnx.ModelProto:
    """`preset`: MIXED gives activations of both signs a zero-point, PERFORMANCE none. `seen` is for `round_kernels`."""
    nncf = need("nncf", "quant")
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet

    logging.getLogger("nncf").setLevel(logging.ERROR)
    model = copy.deepcopy(graph)
    round_kernels(model, islands, seen)
    with contextlib.redirect_stdout(io.StringIO()):  # its bars go where a caller may want JSON
        made = nncf.quantize(
            model,
            nncf.Dataset(watched),
            preset=nncf.QuantizationPreset[preset],
            subset_size=len(watched),
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
    _meet_the_8_bit_grid(made.graph)
    return made


def about_zero_points(model: onnx.ModelProto) -> onnx.ModelProto:
    """Rewrite signed quantizers with a zero-point other than 0 as unsigned ones: the same steps, counted from -128.

    About such a zero-point OpenVINO convolves uint8 in 8 bits, and int8, where there is AMX, in float.
    """
    model = copy.deepcopy(model)
    del model.graph.value_info[:]  # it tells the old types
    tensors = constants(model.graph)
    for node in model.graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear") and len(node.input) == 3:
            zero = array(tensors[node.input[2]])
            if zero.dtype == np.int8 and zero.any():
                set_array(tensors[node.input[2]], (zero.astype(np.int16) + 128).astype(np.uint8))
    return model


def _meet_the_8_bit_grid(graph: onnx.GraphProto) -> None:
    """A camera's pixels are k/255; on just that grid quantizing an input loses nothing."""
    tensors, inputs = constants(graph), {value.name for value in graph.input} - {MOMENT}
    for node in graph.node:
        if node.op_type == "QuantizeLinear" and node.input[0] in inputs:
            set_array(tensors[node.input[1]], np.array(1 / 255, np.float32))
