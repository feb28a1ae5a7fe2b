"""Graphs with each fault that doctor finds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper
from pocketlens.export.half import narrowed
from written import CLIP, CONV, ENDS, FLOAT, KERNEL, model, node, quantizers

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


def cast_grid() -> onnx.ModelProto:
    """Places counted in fp32, and rounded to fp16 just before they are used."""
    graph = warping()
    warp = next(node for node in graph.graph.node if node.op_type == "GridSample")
    casts = [("x", "x16", TensorProto.FLOAT16), ("grid", "g16", TensorProto.FLOAT16), ("c16", "c", FLOAT)]
    before, grid, after = (helper.make_node("Cast", [fed], [made], made, to=kind) for fed, made, kind in casts)
    warp.input[:], warp.output[:] = ["x16", "g16"], ["c16"]
    place = list(graph.graph.node).index(warp)
    for offset, one in ((0, before), (1, grid), (3, after)):
        graph.graph.node.insert(place + offset, one)
    return graph


def given_grid(constant: bool) -> onnx.ModelProto:
    """Places given in fp16, as a constant or by whoever runs the graph."""
    nodes = [node("GridSample", "x g", "c", mode="bilinear"), CLIP]
    places = np.zeros((1, 4, 4, 2), np.float16)
    graph = model(nodes, {**ENDS, **({"g": places} if constant else {})})
    if not constant:
        graph.graph.input.append(helper.make_tensor_value_info("g", TensorProto.FLOAT16, ["n", "h", "w", 2]))
    return graph


def ending(*nodes: onnx.NodeProto, made: onnx.ValueInfoProto | None = None, **tensors: float) -> onnx.ModelProto:
    """A convolution, and what makes a picture of its `c`."""
    held = {name: np.float32(value) for name, value in tensors.items()}
    return model([CONV, *nodes], {**KERNEL, **held}, made=made)


def bytes_cast() -> onnx.ModelProto:
    made = helper.make_tensor_value_info("y", TensorProto.UINT8, ["n", 1, "h", "w"])
    nodes = [node("Mul", "c white", "m"), node("Round", "m", "r"), node("Cast", "r", "y", to=TensorProto.UINT8)]
    return ending(*nodes, made=made, white=255)


def enlarged_int8() -> onnx.ModelProto:
    """A Resize between an int8 convolution and the output."""
    conv = node("Conv", "d w", "features", pads=[1] * 4)
    nodes = [*quantizers("x", "d"), conv, node("Resize", "features none twice", "c", mode="nearest"), CLIP]
    sizes = {"none": np.zeros(0, np.float32), "twice": np.array([1, 1, 2, 2], np.float32)}
    return model(nodes, {"s": np.float32(1 / 255), "z": np.int8(0), **sizes, **KERNEL, **ENDS})


def float_kernel() -> onnx.ModelProto:
    """A ConvTranspose of int8 activations and float weights."""
    nodes = [*quantizers("x", "d"), node("ConvTranspose", "d w", "u", pads=[1] * 4), node("Conv", "u w", "c"), CLIP]
    return model(nodes, {"s": np.float32(1 / 255), "z": np.int8(0), **KERNEL, **ENDS})


def unshuffled() -> onnx.ModelProto:
    """Pixels moved to channels as torch writes it."""
    nodes = [
        node("Reshape", "x folded", "a"),
        node("Transpose", "a", "b", perm=[0, 1, 3, 5, 2, 4]),
        node("Reshape", "b flat", "c"),
        CLIP,
    ]
    sizes = {"folded": np.array([1, 1, 8, 2, 12, 2]), "flat": np.array([1, 4, 8, 12])}
    return model(nodes, {**sizes, **ENDS}, (1, 4), sides=(16, 24))


NHWC = helper.make_tensor_value_info("y", FLOAT, ["n", "h", "w", 1])
ANY_CHANNELS = helper.make_tensor_value_info("y", FLOAT, ["n", "c", "h", "w"])
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
    "a cast to fp16 before the warp": (cast_grid, "half-grid", "error"),
    "a constant grid in fp16": (lambda: given_grid(True), "half-grid", "error"),
    "an input grid in fp16": (lambda: given_grid(False), "half-grid", "error"),
    "no zero-point written": (
        lambda: model([*quantizers("x", "d", zero=""), node("Conv", "d w", "c", pads=[1] * 4), CLIP], {
            "s": np.float32(1 / 255), **KERNEL, **ENDS}), "unsigned", "error"),
    "a Resize after int8": (enlarged_int8, "float-island", "warning"),
    "a ConvTranspose with a float kernel": (float_kernel, "float-island", "warning"),
    "a clip from below": (lambda: ending(node("Clip", "c lo", "y"), lo=0), "output-range", "warning"),
    "a clip to 6": (lambda: ending(node("Clip", "c lo hi", "y"), lo=0, hi=6), "output-range", "warning"),
    "a maximum alone": (lambda: ending(node("Max", "c lo", "y"), lo=0), "output-range", "warning"),
    "channels last": (
        lambda: ending(node("Transpose", "c", "y", perm=[0, 2, 3, 1]), made=NHWC), "output-range", "warning"),
    "any channels": (lambda: ending(node("Identity", "c", "y"), made=ANY_CHANNELS), "output-range", "warning"),
    "bytes": (bytes_cast, "output-range", "warning"),
    "a reshaped pixel unshuffle": (unshuffled, "sides", "note"),
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
"""Fault -> its graph, the check that finds it, and how bad it is."""
MENDED = [
    "renamed mode",
    "places in fp16",
    "a cast to fp16 before the warp",
    "an int32 bias",
    "unsigned activations",
    "no zero-point written",
    "a zero-point in the middle",
    "a zero-point anywhere",
    "no clip",
    "a clip from below",
    "a clip to 6",
    "a maximum alone",
    "channels last",
    "any channels",
    "bytes",
]
"""Those that `--fix` mends."""
