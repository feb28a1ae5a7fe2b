"""Heads rewritten for OpenVINO: the same function, wherever it can be, and the graph as it was where not."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from bundles import upscaler_graph
from onnx import TensorProto, helper, numpy_helper
from pocketlens.core.bundle import Bundle
from pocketlens.core.catalog import ENGINES
from pocketlens.runtime.engines.openvino import core, settings
from pocketlens.runtime.openvino_graph import rewritten, shuffle_into, without_last_shuffle
from pocketlens.runtime.resolve import open_bundle

pytest.importorskip("openvino")


def kinds(model: Any) -> list[str]:
    return [node.get_type_name() for node in model.get_ordered_ops()]


def read(graph: bytes, shape: tuple[int, ...]) -> Any:
    model = core().read_model(graph)
    model.reshape({"frame": list(shape)})
    return model


def run(model: Any, frame: np.ndarray) -> np.ndarray:
    (made,) = core().compile_model(model, "CPU", settings(1))({"frame": frame}).values()
    return np.array(made)


def head_graph(scale: int, side: int, pad: int, outputs: int = 1) -> bytes:
    """A transposed convolution of 3 channels."""
    weights = np.random.default_rng(0).normal(size=(3, outputs, side, side)).astype(np.float32)
    extra = scale + 2 * pad - side
    node = helper.make_node(
        "ConvTranspose",
        ["frame", "w"],
        ["out"],
        strides=[scale] * 2,
        pads=[pad] * 4,
        output_padding=[extra] * 2,
    )
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", count, "h", "w"])
        for name, count in (("frame", 3), ("out", outputs))
    ]
    graph = helper.make_graph([node], "g", ports[:1], ports[1:], [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@pytest.mark.parametrize(("scale", "side", "pad"), [(2, 9, 4), (3, 9, 4), (4, 9, 4), (2, 3, 1), (2, 2, 0), (2, 5, 2)])
@pytest.mark.parametrize("size", [(6, 8), (5, 7), (1, 1)])
def test_a_transposed_convolution_is_the_same_as_a_convolution(scale: int, side: int, pad: int, size: tuple[int, int]):
    graph = head_graph(scale, side, pad)
    frame = np.random.default_rng(1).normal(size=(1, 3, *size)).astype(np.float32)
    changed = rewritten(read(graph, frame.shape))
    assert "ConvolutionBackpropData" not in kinds(changed)
    assert changed.outputs[0].any_name == "out"
    np.testing.assert_allclose(run(changed, frame), run(read(graph, frame.shape), frame), atol=1e-4)


def test_a_transposed_convolution_to_many_channels_stays():
    assert "ConvolutionBackpropData" in kinds(rewritten(read(head_graph(2, 4, 1, outputs=2), (1, 3, 4, 4))))


@pytest.mark.parametrize(("size", "wide"), [((6, 8), True), ((2, 2), True), ((5, 8), False), ((6, 7), False)])
def test_a_head_is_made_wide_for_even_sides_alone(size: tuple[int, int], wide: bool):
    graph, frame = upscaler_graph(), np.random.default_rng(0).random((1, 1, *size), np.float32)
    changed = rewritten(read(graph, frame.shape))
    (shuffle,) = [node for node in changed.get_ordered_ops() if node.get_type_name() == "DepthToSpace"]
    assert shuffle.get_attributes()["block_size"] == (4 if wide else 2)
    np.testing.assert_allclose(run(changed, frame), run(read(graph, frame.shape), frame), atol=1e-6)


@pytest.mark.parametrize("scale", [3, 4])
def test_heads_of_other_scales_stay(scale: int):
    model = read(upscaler_graph(scale=scale), (1, 1, 4, 4))
    before = kinds(model)
    assert kinds(rewritten(model)) == before


@pytest.mark.parametrize("name", ["sesr-x2", "fsrcnn-x2"])
@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_shipped_upscalers_are_rewritten_and_give_the_same_picture(name: str, precision: str):
    bundle: Bundle = open_bundle(name)
    graph, frame = bundle.graph(precision), np.random.default_rng(0).random((1, 1, 24, 40), np.float32)
    changed = rewritten(read(graph, frame.shape))
    assert "ConvolutionBackpropData" not in kinds(changed)
    assert [n.get_attributes()["block_size"] for n in changed.get_ordered_ops() if n.get_type_name() == "DepthToSpace"]
    # A value that lies between two steps of int8 may fall on either.
    least = 1e-5 if precision != "int8" else 1 / 255
    np.testing.assert_allclose(run(changed, frame), run(read(graph, frame.shape), frame), atol=least)


@pytest.mark.parametrize("name", ["sesr-x2", "fsrcnn-x2"])
@pytest.mark.parametrize("size", [(24, 40), (2, 2), (23, 40)])
def test_pictures_in_bytes_come_out_shuffled(name: str, size: tuple[int, int]):
    graph = open_bundle(name).graph("fp32")
    frame = np.random.default_rng(0).integers(0, 256, (1, 1, *size), np.uint8)
    program = ENGINES.get("openvino").load(graph, 1)
    # A caller's memory may begin at any byte.
    memory = np.zeros(4 * frame.size + 1, np.uint8)[1:]
    made = program.run({"frame": frame}, {"upscaled": memory.reshape(1, 1, 2 * size[0], 2 * size[1])})["upscaled"]
    wanted = program.run({"frame": frame.astype(np.float32) / 255})["upscaled"] * 255
    assert made.shape == wanted.shape and np.abs(made - wanted).max() < 0.501
    program.close()


def test_only_a_wide_head_that_ends_in_bytes_is_left_to_be_shuffled():
    floats = rewritten(read(upscaler_graph(), (1, 1, 4, 4)))
    assert without_last_shuffle(floats) == frozenset()
    assert list(floats.outputs[0].get_shape()) == [1, 1, 8, 8]


def test_a_shuffle_puts_each_cell_in_its_place():
    picture = np.arange(8 * 12, dtype=np.uint8).reshape(1, 1, 8, 12)
    cells = picture.reshape(2, 4, 3, 4).transpose(0, 2, 1, 3).reshape(1, 2, 3, 16)
    made = np.zeros_like(picture)
    shuffle_into(made, np.ascontiguousarray(cells))
    np.testing.assert_array_equal(made, picture)
