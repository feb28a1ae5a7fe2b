"""fp16 graphs: what stays fp32, and that the places in a wide frame stay where they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import onnx
import pytest
from graphs import run_all
from moving import slid, to_feeds
from onnx import TensorProto
from onnx.shape_inference import infer_shapes
from pocketlens.export.half import half, narrowed

WIDTH = 3840
PARTS = 8


@pytest.fixture(scope="module")
def error_across(build) -> Callable[[bool], np.ndarray]:
    """Mean error of the fp16 picture against fp32 in grey levels, of each eighth of a 3840 px wide frame."""
    whole = build("ifnet_lite", "fp32")
    feeds = to_feeds(*slid(64, WIDTH, 6, 2))
    wanted = run_all(whole, feeds)["between"]

    @cache
    def measured(naive: bool) -> np.ndarray:
        # Engines know GridSample in fp32 alone; its places come out of fp16 all the same.
        warps = frozenset(node.name for node in whole.graph.node if node.op_type == "GridSample")
        model = narrowed(whole, warps) if naive else half(whole)
        error = np.abs(run_all(model, feeds)["between"] - wanted) * 255
        return error.mean((0, 1, 2)).reshape(PARTS, -1).mean(1)

    return measured


def test_the_error_does_not_grow_with_the_place_in_a_wide_frame(error_across):
    error = error_across(False)
    assert error.max() < 1.2 * error.min()
    assert error.max() < 0.05


def test_that_of_naive_fp16_does(error_across):
    """Places count from the left: beyond the 2048th pixel half precision tells only every other one apart."""
    error = error_across(True)
    assert error[-1] > 2.5 * error[0]
    assert error[0] > 20 * error_across(False).max()


def kinds(model: onnx.ModelProto) -> dict[str, int]:
    graph = infer_shapes(model).graph
    typed = {value.name: value.type.tensor_type.elem_type for value in (*graph.input, *graph.output, *graph.value_info)}
    return typed | {tensor.name: tensor.data_type for tensor in graph.initializer}


@pytest.mark.parametrize("face", ["float", "split", "frame"])
def test_convolutions_are_fp16_and_warps_fp32(build, face: str):
    model = build("ifnet_lite", "fp16", face)
    kind = kinds(model)
    for node in model.graph.node:
        floats = {kind[name] for name in node.input if name} & {TensorProto.FLOAT, TensorProto.FLOAT16}
        if node.op_type == "Conv":
            assert floats == {TensorProto.FLOAT16}
        if node.op_type in ("GridSample", "Resize", "Sub", "Div", "Sigmoid", "DepthToSpace"):
            assert floats <= {TensorProto.FLOAT}, "all of these belong to the motion"
    assert {kind[value.name] for value in model.graph.output} <= {TensorProto.FLOAT, TensorProto.UINT8}


def test_casts_stand_at_the_borders_alone(build):
    graph = build("ifnet_lite", "fp16").graph
    made_by = {name: node for node in graph.node for name in node.output}
    borders = [node for node in graph.node if node.op_type == "Cast" and node.name.startswith("to ")]
    assert len({(node.input[0], node.attribute[0].i) for node in borders}) == len(borders), "no tensor is cast twice"
    for node in borders:
        assert made_by.get(node.input[0], node).op_type != "Cast" or made_by.get(node.input[0]) is None
    convolutions = sum(node.op_type == "Conv" for node in graph.node)
    assert len(borders) < convolutions + 5


def test_an_upscaler_goes_by_the_same_rule(build):
    model = build("sesr", "fp16")
    kind = kinds(model)
    assert {kind[node.input[0]] for node in model.graph.node if node.op_type == "Conv"} == {TensorProto.FLOAT16}
    (shuffle,) = [node for node in model.graph.node if node.op_type == "DepthToSpace"]
    assert kind[shuffle.input[0]] == TensorProto.FLOAT, "what follows the last convolution is the picture itself"
