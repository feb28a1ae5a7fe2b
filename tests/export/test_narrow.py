"""Ranges of activations give up what is rare where that makes all the rest finer."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from pocketlens.export.graph import array, constants
from pocketlens.export.narrow import narrowed

RNG = np.random.default_rng(0)
EVEN = RNG.uniform(0, 1, (1, 1, 512, 512)).astype(np.float32)
LARGEST = 4.0
RARE = EVEN.copy()
RARE[0, 0, 3, 3] = LARGEST / 2


def graph(quantized: bool, kind: type[np.integer[Any]] = np.uint8) -> onnx.ModelProto:
    """The frame and twice the frame, both of which are quantized to 0 .. `LARGEST`, or to both sides of zero."""
    peak = np.iinfo(kind).max
    constants = {
        "two": np.float32(2),
        **{f"{name}_step": np.float32(LARGEST / peak) for name in ("frame", "twice")},
        **{f"{name}_zero": kind(0) for name in ("frame", "twice")},
    }
    nodes = [helper.make_node("Mul", ["frame", "two"], ["twice"], name="mul")]
    ends = ["frame", "twice"]
    if quantized:
        for name in ends:
            grid = [f"{name}_step", f"{name}_zero"]
            nodes.append(helper.make_node("QuantizeLinear", [name, *grid], [f"{name}_q"], name=f"q_{name}"))
            nodes.append(helper.make_node("DequantizeLinear", [f"{name}_q", *grid], [f"{name}_dq"], name=f"dq_{name}"))
        ends = ["frame_dq", "twice_dq"]
    nodes.append(helper.make_node("Add", ends, ["sum"], name="add"))
    shape = ["n", "c", "h", "w"]
    frame, total = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("frame", "sum"))
    held = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    made = helper.make_model(
        helper.make_graph(nodes, "g", [frame], [total], held), opset_imports=[helper.make_opsetid("", 18)]
    )
    made.ir_version = 10
    return made


def part(frames: np.ndarray, kind: type[np.integer[Any]] = np.uint8) -> dict[str, float]:
    """Of each range, what is left of it."""
    made = constants(narrowed(graph(True, kind), graph(False), [{"frame": frames}]).graph)
    before = constants(graph(True, kind).graph)
    return {name: float(array(made[f"{name}_step"]) / array(before[f"{name}_step"])) for name in ("frame", "twice")}


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
def test_one_large_value_in_many_is_clipped(kind):
    assert part(RARE, kind)["twice"] < 0.9


def test_values_that_fill_their_range_keep_it():
    assert part(EVEN * 2)["twice"] == pytest.approx(1, abs=0.01)


def test_as_many_as_matter_are_not_clipped():
    often = RARE.copy()
    often[0, 0, :100] = LARGEST / 2
    assert part(often)["twice"] == pytest.approx(1, abs=0.01)


def test_what_a_camera_gives_keeps_its_grid():
    assert part(RARE)["frame"] == 1


def test_the_graph_that_was_given_is_left_alone():
    given = graph(True)
    narrowed(given, graph(False), [{"frame": RARE}])
    assert given == graph(True)
