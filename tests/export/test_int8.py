"""int8 graphs: what is quantized, on which grid, for which processor."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import onnx
import pytest
from graphs import run
from onnx import numpy_helper
from pocketlens.core.metrics import psnr
from pocketlens.export.quantize import about_zero_points, image_space
from pocketlens.export.samples import draw

STUDENTS = ["sesr", "fsrcnn"]
CLOSE_DB = 38
"""Of an untrained student with eight channels; trained ones are held to more."""


def quantizers(graph: onnx.GraphProto) -> Iterator[tuple[onnx.NodeProto, np.ndarray, np.ndarray]]:
    """Every Q and DQ node with its scale and its zero-point."""
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            yield node, tensors[node.input[1]], tensors[node.input[2]]


def picture(channels: int = 1) -> np.ndarray:
    """Edges, as the network takes them."""
    grey = dict(draw())["edges"][:48, :64, :channels].astype(np.float32) / 255
    return np.moveaxis(grey, -1, 0)[None]


@pytest.fixture(scope="module", params=STUDENTS)
def student(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("processor", ["cpu", "tensorrt"])
def test_a_convolution_has_both_its_input_and_its_weights_in_8_bits_or_neither(build, student: str, processor: str):
    in_float = set(image_space(build(student, "fp32").graph))
    graph = build(student, "int8", "float", processor).graph
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    convolutions = [node for node in graph.node if node.op_type in ("Conv", "ConvTranspose")]
    quantized = {
        node.name: [made_by.get(name) == "DequantizeLinear" for name in node.input[:2]] for node in convolutions
    }
    assert all(one in ([True, True], [False, False]) for one in quantized.values())
    assert [True, True] in quantized.values()
    assert not any(any(quantized[name]) for name in in_float & quantized.keys())


def test_all_that_sees_the_picture_itself_stays_in_float(build):
    """FSRCNN has no skip: its ends and its 1x1 convolutions carry the picture; SESR's make a residual to it."""

    def in_float(name: str) -> list[bool]:
        graph = build(name, "fp32").graph
        islands = image_space(graph)
        return [node.name in islands for node in graph.node if node.op_type in ("Conv", "ConvTranspose")]

    assert not any(in_float("sesr"))
    assert in_float("fsrcnn") == [True, True, False, True, True]


def test_about_a_zero_point_cpus_get_unsigned_activations(build):
    """PReLU leaves both signs; about a zero-point in int8, OpenVINO convolves in float where there is AMX."""
    kinds = {zero.dtype for _, _, zero in quantizers(build("fsrcnn", "int8").graph) if zero.any()}
    assert kinds == {np.dtype(np.uint8)}


def test_the_same_steps_counted_from_another_number_give_the_same_picture(build):
    graph = build("fsrcnn", "int8")
    below = copy.deepcopy(graph)
    for tensor in below.graph.initializer:
        zero = numpy_helper.to_array(tensor)
        if zero.dtype == np.uint8 and zero.any():
            tensor.CopyFrom(numpy_helper.from_array((zero.astype(np.int16) - 128).astype(np.int8), tensor.name))
    assert below != graph
    assert np.array_equal(run(below, picture()), run(graph, picture()))
    assert about_zero_points(below) == graph


def test_tensorrt_reads_the_picture_in_float(build):
    """Its signed 8 bits would keep 7 of a picture's."""
    graph = build("sesr", "int8", "float", "tensorrt").graph
    assert [node.op_type for node in graph.node if "frame" in node.input[:1]] == ["Conv"]


@pytest.mark.parametrize("processor", ["cpu", "tensorrt"])
def test_black_stays_black_and_white_stays_white(build, student: str, processor: str):
    """Ranges taken from photographs alone would clip them."""
    for level in (0.0, 1.0):
        flat = np.full((1, 1, 32, 32), level, np.float32)
        wanted, made = run(build(student, "fp32"), flat), run(build(student, "int8", "float", processor), flat)
        assert np.abs(made - wanted)[:, :, 16:-16, 16:-16].max() * 255 < 3


def test_what_follows_the_last_convolution_stays_in_float(build, student: str):
    graph = build(student, "int8").graph
    made_by = {name: node for node in graph.node for name in node.output}
    waiting, tail = [graph.output[0].name], set()
    while waiting:
        node = made_by.get(waiting.pop())
        if node is not None and node.op_type not in ("Conv", "ConvTranspose"):
            tail.add(node.op_type)
            waiting += node.input
    assert "Clip" in tail and not tail & {"QuantizeLinear", "DequantizeLinear"}


def test_the_input_loses_nothing_on_a_cpu(build):
    ((_, scale, zero),) = [one for one in quantizers(build("sesr", "int8").graph) if one[0].input[0] == "frame"]
    assert (scale, zero, zero.dtype) == (np.float32(1 / 255), 0, np.uint8)


def test_for_tensorrt_everything_is_signed_and_has_no_zero_point(build, student: str):
    model = build(student, "int8", "float", "tensorrt")
    found = list(quantizers(model.graph))
    assert found
    assert {zero.dtype for _, _, zero in found} == {np.dtype(np.int8)} and not any(np.any(zero) for *_, zero in found)
    held = [*model.graph.initializer, *(value.type.tensor_type for value in model.graph.value_info)]
    kinds = {tensor.data_type if isinstance(tensor, onnx.TensorProto) else tensor.elem_type for tensor in held}
    assert not kinds & {onnx.TensorProto.UINT8, onnx.TensorProto.INT32}


@pytest.mark.parametrize("processor", ["cpu", "tensorrt"])
def test_both_forms_stay_close_to_fp32(build, student: str, processor: str):
    frame = picture()
    wanted = run(build(student, "fp32"), frame)
    made = run(build(student, "int8", "float", processor), frame)
    assert psnr(made, wanted, peak=1.0) > CLOSE_DB


def test_openvino_agrees_with_onnxruntime(build, student: str):
    graph, frame = build(student, "int8"), picture()
    apart = np.abs(run(graph, frame, "openvino") - run(graph, frame)) * 255
    assert apart.max() < 1.5 and apart.mean() < 0.2


@pytest.mark.parametrize("processor", ["cpu", "tensorrt"])
def test_the_frame_face_wraps_the_int8_network(build, student: str, processor: str):
    bgr = dict(draw())["rings"][None, :31, :45]
    made = run(build(student, "int8", "frame", processor), bgr)
    wanted = run(build(student, "fp32", "frame"), bgr)
    assert made.dtype == np.uint8 and made.shape == (1, 62, 90, 3)
    assert psnr(made, wanted) > CLOSE_DB - 3


def test_a_network_whose_sides_are_multiples_is_quantized_too(build):
    graph, frame = build("esrgan", "int8"), picture(3)
    assert psnr(run(graph, frame), run(build("esrgan", "fp32"), frame), peak=1.0) > 30
