"""8-bit grids of any kind become int8 about zero, and the picture stays, but for its finest steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from graphs import run_all
from onnx import helper, numpy_helper
from pocketlens.core.bundle import read
from pocketlens.core.locate import shipped_bundles
from pocketlens.doctor import examine
from pocketlens.export.fit import read_graph
from written import CLIP, CONV, ENDS, KERNEL, model, node, quantizers

STEP = {"s": np.float32(1 / 255)}
FIRST = [*quantizers("x", "d"), node("Conv", "d w", "c", pads=[1] * 4), CLIP]


def one(zero: np.generic) -> onnx.ModelProto:
    return model(FIRST, {**STEP, **KERNEL, **ENDS, "z": zero})


def two(scale: str, zero: str, **tensors: object) -> onnx.ModelProto:
    """Two grids, the second with this scale and this zero; each holds what is put on it."""
    first, second = quantizers("x", "d"), quantizers("r", "e", scale, zero)
    nodes = [*first, node("Mul", "d k", "r"), *second, node("Div", "e k", "c")]
    held = {"z": np.uint8(0), "k": np.float32(2.5 if scale == "s2" else 0.4), **tensors}
    return model([*nodes, CLIP], {**STEP, **ENDS, **held})  # type: ignore[dict-item]


def constant_node() -> onnx.ModelProto:
    """A zero-point that a Constant node makes."""
    graph = model(FIRST, {**STEP, **KERNEL, **ENDS})
    zero = helper.make_node("Constant", [], ["z"], value=numpy_helper.from_array(np.array(0, np.uint8)))
    graph.graph.node.insert(0, zero)
    return graph


def unsigned_weights() -> onnx.ModelProto:
    """uint8 weights, some for each of their channels, which share a zero-point with the activations."""
    kernel = np.random.default_rng(1).integers(0, 255, (1, 1, 3, 3)).astype(np.uint8)
    restored = node("DequantizeLinear", "levels step z", "w")
    return model([restored, *FIRST], {**STEP, **ENDS, "z": np.uint8(0), "levels": kernel, "step": np.float32(0.001)})


def instead_of_relu() -> onnx.ModelProto:
    """A grid from zero on that cuts off what is below it, as tools leave out a ReLU before one."""
    nodes = [CONV, *quantizers("c", "e"), node("Conv", "e w", "f", pads=[1] * 4), node("Clip", "f lo hi", "y")]
    return model(nodes, {**STEP, **KERNEL, **ENDS, "z": np.uint8(0)})


def each_channel() -> onnx.ModelProto:
    """Weights about a zero-point for each of their output channels."""
    levels = np.random.default_rng(2).integers(0, 255, (3, 1, 3, 3)).astype(np.uint8)
    grids = {"step": np.array([1, 2, 3], np.float32) / 1000, "middle": np.array([0, 128, 50], np.uint8)}
    restored = node("DequantizeLinear", "levels step middle", "w", axis=0)
    return model([restored, CONV, CLIP], {**ENDS, **grids, "levels": levels}, (1, 3))


GRIDS = {
    "uint8 about its middle": lambda: one(np.uint8(128)),
    "uint8 about another": lambda: one(np.uint8(60)),
    "int8 about another": lambda: one(np.int8(-7)),
    "one zero for two": lambda: two("s2", "z", s2=np.float32(0.01)),
    "one scale for two": lambda: two("s", "z2", z2=np.uint8(0)),
    "two kinds": lambda: two("s2", "z2", s2=np.float32(0.02), z2=np.uint8(128)),
    "no zero": lambda: model([*quantizers("x", "d", zero=""), *FIRST[2:]], {**STEP, **KERNEL, **ENDS}),
    "a zero by a Constant": constant_node,
    "weights": unsigned_weights,
    "weights by channel": each_channel,
    "instead of a ReLU": instead_of_relu,
}


@pytest.mark.parametrize("kind", GRIDS)
def test_the_picture_stays_and_tensorrt_is_asked(kind: str, tmp_path: Path):
    onnx.save(GRIDS[kind](), tmp_path / "a.onnx")
    seen = examine(tmp_path / "a.onnx", None)["findings"]
    faults = {finding["id"] for finding in seen if finding["severity"] == "error"}
    assert faults and faults <= {"unsigned", "zero-point"}
    mended = examine(tmp_path / "a.onnx", tmp_path / "b.onnx")
    assert {one["id"] for one in mended["mended"]} == faults
    assert all(one["cost"] for one in mended["mended"])
    assert read_graph(tmp_path / "b.onnx")
    picture = np.random.default_rng(3).uniform(0, 1, (1, 1, 16, 24)).astype(np.float32)
    wanted, made = (run_all(onnx.load(tmp_path / name), {"x": picture})["y"] for name in ("a.onnx", "b.onnx"))
    # A step of 127 in 255 is off by up to half of one.
    np.testing.assert_allclose(made, wanted, atol=0.02)
    assert wanted.std() > 0.05


def test_an_integer_convolution_is_left_and_not_said_to_be_mended(tmp_path: Path):
    nodes = [
        node("QuantizeLinear", "x s z", "q"),
        node("QLinearConv", "q s z levels step zero s z", "made", pads=[1] * 4),
        node("DequantizeLinear", "made s z", "c"),
        CLIP,
    ]
    kernel = {"levels": np.ones((1, 1, 3, 3), np.int8), "step": np.float32(0.001), "zero": np.int8(0)}
    onnx.save(model(nodes, {**STEP, **ENDS, **kernel, "z": np.uint8(5)}), tmp_path / "a.onnx")
    seen = examine(tmp_path / "a.onnx", tmp_path / "b.onnx")
    errors = [finding for finding in seen["findings"] if finding["severity"] == "error"]
    assert len(errors) == 2 and not any("--fix" in finding["mend"] for finding in errors)
    assert seen["mended"] == []


@pytest.mark.parametrize("name", ["fsrcnn-x2", "ifnet-lite", "sesr-x2"])
def test_what_is_shipped_for_cpus_is_taken_by_tensorrt_when_mended(name: str, tmp_path: Path):
    bundle = read(shipped_bundles()[name])
    (tmp_path / "a.onnx").write_bytes(bundle.graph("int8", "float", "cpu"))
    seen = examine(tmp_path / "a.onnx", tmp_path / "b.onnx")
    assert seen["mended"] and not any(finding["severity"] == "error" for finding in seen["findings"])
    assert read_graph(tmp_path / "b.onnx")
    graphs = [onnx.load(tmp_path / name) for name in ("a.onnx", "b.onnx")]
    side = max(32, bundle.manifest.align)
    rows, columns = np.mgrid[:side, :side]
    picture = (0.5 + 0.4 * np.sin(rows / 5 + columns / 7)).astype(np.float32)
    feeds = {
        value.name: np.full(1, 0.5, np.float32)
        if len(dims := value.type.tensor_type.shape.dim) == 1
        else np.repeat(picture[None, None], dims[1].dim_value, 1)
        for value in graphs[0].graph.input
    }
    wanted, made = (next(iter(run_all(graph, feeds).values())) for graph in graphs)
    np.testing.assert_allclose(made, wanted, atol=0.02)
