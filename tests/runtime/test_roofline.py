"""What convolutions compute and move, and the least time for it."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from bundles import upscaler_graph
from onnx import TensorProto, helper, numpy_helper
from pocketlens.runtime.machine import Machine, measure
from pocketlens.runtime.roofline import Layer, floor, layers, seconds

pytest.importorskip("openvino")

MACHINE = Machine({"fp32": 100.0, "int8": 400.0}, bandwidth=10.0)


def quantized_graph(joined: bool = False) -> bytes:
    """A map in 8 bits, or two of a channel joined, a convolution of 2 to 3 channels, a transposed one in float."""
    arrays = {
        "halves": np.array([1, 1]),
        "step": np.float32(0.1),
        "zero": np.uint8(0),
        "w": np.ones((3, 2, 3, 3), np.float32),
        "t": np.ones((3, 1, 4, 4), np.float32),
    }
    parts = ("a", "b") if joined else ("d",)
    nodes = [helper.make_node("Split", ["frame", "halves"], ["frame/a", "frame/b"], axis=1)] if joined else []
    for part in parts:
        frame = f"frame/{part}" if joined else "frame"
        nodes.append(helper.make_node("QuantizeLinear", [frame, "step", "zero"], [f"q{part}"]))
        nodes.append(helper.make_node("DequantizeLinear", [f"q{part}", "step", "zero"], [part]))
    nodes += [helper.make_node("Concat", parts, ["d"], axis=1)] if joined else []
    nodes += [
        helper.make_node("Conv", ["d", "w"], ["c"], name="plain", pads=[1, 1, 1, 1]),
        helper.make_node("ConvTranspose", ["c", "t"], ["out"], name="head", strides=[2, 2], pads=[1, 1, 1, 1]),
    ]
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", count, "h", "w"])
        for name, count in (("frame", 2), ("out", 1))
    ]
    tensors = [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "g", ports[:1], ports[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def test_convolutions_are_counted_at_the_size_of_the_frame():
    first, last, repeat = sorted(layers(upscaler_graph(), {"frame": (1, 1, 10, 6)}), key=lambda layer: -layer.moved)[:3]
    assert {layer.arithmetic for layer in (first, last, repeat)} == {"fp32"}
    by_operations = {layer.operations: layer.moved for layer in (first, last, repeat)}
    # 3x3 of 1 to 8 channels, 5x5 of 8 to 4, 1x1 of 1 to 4, on 60 pixels.
    assert by_operations == {
        2 * 60 * 9 * 8: 4 * 60 * (1 + 8),
        2 * 60 * 25 * 8 * 4: 4 * 60 * (8 + 4),
        2 * 60 * 4: 4 * 60 * (1 + 4),
    }


@pytest.mark.parametrize("joined", [False, True])
def test_what_reads_8_bits_computes_in_int8_and_a_transposed_convolution_counts_its_input(joined: bool):
    plain, head = layers(quantized_graph(joined), {"frame": (1, 2, 5, 4)})
    assert (plain.arithmetic, plain.operations, plain.moved) == ("int8", 2 * 20 * 9 * 6, 20 * (2 + 3))
    assert (head.arithmetic, head.operations, head.moved) == ("fp32", 2 * 20 * 16 * 3, 4 * (60 + 80))


def test_a_layer_takes_as_long_as_its_arithmetic_or_its_maps():
    busy, wide = Layer("busy", "fp32", 1000.0, 10.0), Layer("wide", "int8", 400.0, 70.0)
    assert seconds(busy, MACHINE) == 10 and seconds(wide, MACHINE) == 7
    assert floor([busy, wide], MACHINE) == 17


def test_this_machine_gives_something():
    found = measure(1)
    assert found and set(found.operations) == {"fp32", "int8"}
    assert min(found.operations.values()) > 1e9 and found.bandwidth > 1e8
