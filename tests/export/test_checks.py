"""What hurts a graph in the field is found, and mended where it can be, without another picture coming out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import pytest
from graphs import run_all
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from pocketlens.core.catalog import CHECKS
from pocketlens.export.finding import Finding, Graph
from pocketlens.export.half import narrowed

FLOAT = TensorProto.FLOAT


def model(
    nodes: list[onnx.NodeProto],
    tensors: Mapping[str, ArrayLike],
    channels: tuple[int, int] = (1, 1),
    opset: int = 18,
    sides: tuple[Any, Any] = ("height", "width"),
) -> onnx.ModelProto:
    """`x` -> `y`, pictures of so many channels."""
    named = [helper.make_node(n.op_type, n.input, n.output, f"n{i}") for i, n in enumerate(nodes)]
    for fresh, node in zip(named, nodes, strict=True):
        fresh.attribute.extend(node.attribute)
    values = [
        helper.make_tensor_value_info(name, FLOAT, ["n", count, *sides])
        for name, count in zip("xy", channels, strict=True)
    ]
    held = [numpy_helper.from_array(np.asarray(value), name) for name, value in tensors.items()]
    graph = helper.make_graph(named, "g", values[:1], values[1:], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def node(kind: str, inputs: str, output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(), [output], **attributes)


KERNEL = {"w": np.random.default_rng(0).normal(0, 0.3, (1, 1, 3, 3)).astype(np.float32)}
CONV = node("Conv", "x w", "c", pads=[1, 1, 1, 1])
CLIP = node("Clip", "c lo hi", "y")
ENDS = {"lo": np.float32(0), "hi": np.float32(1)}
HALF_PIXEL = {"shift": np.array([[[[0.0], [0.01]]]], np.float32).reshape(1, 1, 1, 2)}


def warping(opset: int = 18, mode: str = "bilinear") -> onnx.ModelProto:
    """A convolution finds a flow; the picture is fetched from there."""
    nodes = [
        node("Conv", "x w2", "flow", pads=[1, 1, 1, 1]),
        node("Transpose", "flow", "turned", perm=[0, 2, 3, 1]),
        node("Mul", "turned reach", "scaled"),
        node("Add", "scaled shift", "grid"),
        node("GridSample", "x grid", "c", mode=mode, padding_mode="border", align_corners=1),
        CLIP,
    ]
    kernel = np.random.default_rng(1).normal(0, 0.1, (2, 1, 3, 3)).astype(np.float32)
    return model(nodes, {"w2": kernel, "reach": np.float32(0.5), **HALF_PIXEL, **ENDS}, opset=opset)


def quantized(zero: np.generic, bias: bool = False, slow: bool = False) -> onnx.ModelProto:
    """A convolution of quantized activations, with an int32 bias if wanted, or followed by a float ConvTranspose."""
    nodes = [node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z", "d")]
    nodes += [node("DequantizeLinear", "b bs", "bf")] if bias else []
    nodes.append(node("Conv", f"d w {'bf' if bias else ''}".strip(), "features" if slow else "c", pads=[1, 1, 1, 1]))
    if slow:
        nodes += [node("ConvTranspose", "features w", "up", pads=[1, 1, 1, 1]), node("Conv", "up w", "c", pads=[1] * 4)]
    extra = {"b": np.array([40], np.int32), "bs": np.array([0.01], np.float32)} if bias else {}
    return model([*nodes, CLIP], {"s": np.float32(1 / 255), "z": zero, **KERNEL, **ENDS, **extra})


def volumes() -> onnx.ModelProto:
    kinds = [("x", ["n", 1, 4, 4, 4]), ("g", ["n", 4, 4, 4, 3]), ("y", ["n", 1, 4, 4, 4])]
    values = [helper.make_tensor_value_info(name, FLOAT, dims) for name, dims in kinds]
    warp = helper.make_node("GridSample", ["x", "g"], ["y"], "warp", mode="linear")
    graph = helper.make_graph([warp], "g", values[:2], values[2:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def half_grid() -> onnx.ModelProto:
    return narrowed(warping(), frozenset())


FAULTY: dict[str, tuple[Callable[[], onnx.ModelProto], str, str]] = {
    "renamed mode": (lambda: warping(20, "linear"), "grid-sample", "error"),
    "a volume": (volumes, "grid-sample", "error"),
    "places in fp16": (half_grid, "half-grid", "error"),
    "an int32 bias": (lambda: quantized(np.int8(0), bias=True), "int32-bias", "error"),
    "unsigned activations": (lambda: quantized(np.uint8(0)), "unsigned", "error"),
    "a zero-point in the middle": (lambda: quantized(np.uint8(128)), "zero-point", "error"),
    "a zero-point anywhere": (lambda: quantized(np.int8(-7)), "zero-point", "error"),
    "a float ConvTranspose in int8": (lambda: quantized(np.int8(0), slow=True), "float-island", "warning"),
    "no clip": (lambda: model([node("Conv", "x w", "y", pads=[1] * 4)], KERNEL), "output-range", "warning"),
    "PReLU": (
        lambda: model([CONV, node("PRelu", "c a", "p"), node("Clip", "p lo hi", "y")], {
            **KERNEL, **ENDS, "a": np.full((1, 1, 1), 0.2, np.float32)}), "prelu", "warning"),
    "odd channels": (
        lambda: model([node("Conv", "x v", "c"), CLIP], {"v": np.ones((12, 1, 1, 1), np.float32), **ENDS}, (1, 12)),
        "channels", "note"),
    "named multiples": (
        lambda: model([CONV, CLIP], {**KERNEL, **ENDS}, sides=("16*height", "16*width")), "sides", "note"),
    "a space to depth": (
        lambda: model([node("SpaceToDepth", "x", "s", blocksize=2), node("DepthToSpace", "s", "c", blocksize=2), CLIP],
                      ENDS), "sides", "note"),
    "open sizes": (lambda: model([CONV, CLIP], {**KERNEL, **ENDS}), "profile", "note"),
}  # fmt: skip
MENDED = [
    "renamed mode",
    "places in fp16",
    "an int32 bias",
    "unsigned activations",
    "a zero-point in the middle",
    "no clip",
]


def found(graph: onnx.ModelProto) -> dict[str, list[Finding]]:
    """Check -> what it finds."""
    told = {name.replace("_", "-"): list(check.find(Graph(graph))) for name, check in CHECKS.items()}
    return {name: findings for name, findings in told.items() if findings}


def test_every_check_is_tried_here():
    assert {name for _, name, _ in FAULTY.values()} == {name.replace("_", "-") for name in CHECKS.names()}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_fault_is_found_and_no_other_that_is_worse_than_a_note(fault: str):
    make, name, severity = FAULTY[fault]
    told = found(make())
    assert {finding.severity for finding in told[name]} == {severity}
    assert all(finding.told and finding.mend and "\n" not in finding.told + finding.mend for finding in told[name])
    assert {key for key, findings in told.items() if any(f.severity != "note" for f in findings)} <= {name}


@pytest.mark.parametrize("fault", MENDED)
def test_what_can_be_mended_is_gone_and_the_picture_stays(fault: str):
    make, name, _ = FAULTY[fault]
    graph = make()
    before = copy.deepcopy(graph)
    mended = CHECKS.get(name).fix(graph)
    assert graph == before, "the graph that is given stays as it is"
    assert name not in found(mended)
    onnx.checker.check_model(mended, full_check=True)
    # Left of the width where fp16 loses its digits, and within the range that int8 keeps.
    picture = np.random.default_rng(2).uniform(0.1, 0.9, (1, 1, 16, 24)).astype(np.float32)
    wanted, made = (run_all(one, {"x": picture})["y"] for one in (graph, mended))
    np.testing.assert_allclose(np.clip(made, 0, 1), np.clip(wanted, 0, 1), atol=0.01)


def test_a_graph_that_needs_its_opset_is_left_as_it_is():
    graph = model([node("Gelu", "x", "g"), node("Clip", "g lo hi", "y")], ENDS, opset=20)
    assert CHECKS.get("grid_sample").fix(graph) == graph


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
@pytest.mark.parametrize("name", ["sesr", "ifnet_lite"])
def test_what_is_exported_for_tensorrt_has_no_fault(build, name: str, precision: str):
    told = found(build(name, precision, "frame", "tensorrt"))
    assert {finding.severity for findings in told.values() for finding in findings} <= {"note"}
    assert "sides" not in told, "the frame face takes any size"


def test_fp16_with_its_places_mended_is_that_of_fp32_far_to_the_right():
    """Numbers of columns beyond 2048 and halves of a pixel, whose parts fp16 holds, but not their sums."""
    columns = np.arange(2049)
    coarse, fine = (
        np.stack([part, np.zeros_like(part)], -1)[None, None] for part in (columns // 64 * 64, columns % 64)
    )
    nodes = [
        node("Conv", "x w2", "flow"),
        node("Transpose", "flow", "turned", perm=[0, 2, 3, 1]),
        node("Add", "turned coarse", "column"),
        node("Add", "column fine", "place"),
        node("Div", "place middle", "share"),
        node("Sub", "share one", "grid"),
        node("GridSample", "x grid", "c", mode="linear", padding_mode="border", align_corners=1),
        CLIP,
    ]
    tensors = {"w2": np.zeros((2, 1, 1, 1)), "coarse": coarse, "fine": fine + 0.5, "middle": 1024, "one": 1, **ENDS}
    graph = model(nodes, {name: np.asarray(value, np.float32) for name, value in tensors.items()}, opset=20)
    wide = np.random.default_rng(3).random((1, 1, 1, 2049), np.float32)
    halved = narrowed(graph, frozenset())
    # onnxruntime would compute in fp32 whatever the graph says.
    wanted, shaken, mended = (
        np.asarray([*ReferenceEvaluator(one).run(None, {"x": wide})])
        for one in (graph, halved, CHECKS.get("half_grid").fix(halved))
    )
    assert np.abs(mended - wanted).max() < 0.001 and np.abs(shaken - wanted).max() > 0.1
