"""Faults to plant in an ONNX graph, whatever its face: each is a function that changes the graph it is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import onnx
from contracts import Change, after_the_end, replace
from onnx import TensorProto, helper, numpy_helper

_LEAST = 4
"""Channels on either side of a kernel that is worn: what mixes colours has fewer."""


def nothing(model: onnx.ModelProto) -> None:
    """No fault."""


def worn(seed: int, strength: float) -> Change:
    """The output channels of every kernel larger or smaller by a normal deviation, as a share."""

    def change(model: onnx.ModelProto) -> None:
        random = np.random.default_rng(seed)
        for tensor, axis, channels in _kernels(model):
            values = numpy_helper.to_array(tensor)
            factors = 1 + strength * random.normal(size=channels)
            if values.ndim > 1:
                factors = factors.reshape([channels if at == axis else 1 for at in range(values.ndim)])
            replace(tensor, values * (factors if values.size > 1 else factors.mean()))

    return change


def _kernels(model: onnx.ModelProto) -> Iterator[tuple[onnx.TensorProto, int, int]]:
    """Weights or, of 8 bits, their scale; the axis of the output channels, and how many there are."""
    made_by = {name: node for node in model.graph.node for name in node.output}
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type in ("Conv", "ConvTranspose"):
            source, axis = made_by.get(node.input[1]), int(node.op_type == "ConvTranspose")
            weights = held[source.input[0] if source else node.input[1]]
            if min(weights.dims[:2]) >= _LEAST:
                yield held[source.input[1]] if source else weights, axis, weights.dims[axis]


def brighter(levels: float) -> Change:
    """The picture that comes out brighter by so many grey levels."""

    def change(model: onnx.ModelProto) -> None:
        level = levels if _in_bytes(model) else levels / 255
        _in_floats(model, after_the_end("Add", fault=np.array(level, np.float32)))

    return change


def softer(strength: float, channels: int) -> Change:
    """The picture that comes out mixed with its mean over 3x3 pixels, of which it gets a share."""

    def change(model: onnx.ModelProto) -> None:
        kernel = np.full((channels, 1, 3, 3), strength / 9, np.float32)
        kernel[:, :, 1, 1] += 1 - strength

        def blur(model: onnx.ModelProto) -> None:
            after_the_end("Pad", {"mode": "edge"}, fault_sides=np.array([0, 0, 1, 1, 0, 0, 1, 1]))(model)
            after_the_end("Conv", {"group": channels}, fault_kernel=kernel)(model)

        _in_floats(model, blur)

    return change


def _in_floats(model: onnx.ModelProto, change: Change) -> None:
    """A change of the picture that comes out, channels first, also where that is in bytes."""
    if not _in_bytes(model):
        change(model)
        return
    after_the_end("Cast", {"to": TensorProto.FLOAT})(model)
    after_the_end("Transpose", {"perm": [0, 3, 1, 2]})(model)
    change(model)
    after_the_end("Transpose", {"perm": [0, 2, 3, 1]})(model)
    after_the_end("Round")(model)
    after_the_end("Clip", fault_black=np.array(0, np.float32), fault_white=np.array(255, np.float32))(model)
    after_the_end("Cast", {"to": TensorProto.UINT8})(model)


def swapped(order: Sequence[int]) -> Change:
    """The channels of what comes out in another order."""

    def change(model: onnx.ModelProto) -> None:
        after_the_end("Gather", {"axis": 3 if _in_bytes(model) else 1}, fault=np.array(order))(model)

    return change


def stale(place: float, factor: float) -> Change:
    """A scale of 8-bit activations as if it came from pictures brighter or darker by a factor.

    Which one, as a share of the way through the graph, from 0 to 1.
    """

    def change(model: onnx.ModelProto) -> None:
        scales = _scales(model)
        _multiply(scales[round(place * (len(scales) - 1))], factor)

    return change


def all_stale(factor: float) -> Change:
    """All of them."""

    def change(model: onnx.ModelProto) -> None:
        for scale in _scales(model):
            _multiply(scale, factor)

    return change


def _scales(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    taken = (node.input[1] for node in model.graph.node if node.op_type == "QuantizeLinear")
    return [held[name] for name in dict.fromkeys(taken)]


def _multiply(tensor: onnx.TensorProto, factor: float) -> None:
    replace(tensor, numpy_helper.to_array(tensor) * factor)


def torn(column: int, step: int, scale: int, smaller: int = 1) -> Change:
    """What lies left and right of a column is computed apart and put together: a seam, as tiles without a halo have.

    Sides of a frame are multiples of `step`, the result is `scale` times as wide, and `smaller` times narrower.
    """

    def change(model: onnx.ModelProto) -> None:
        graph, axis = model.graph, 2 if _in_bytes(model) else 3
        frames = [value.name for value in graph.input if len(value.type.tensor_type.shape.dim) == 4]
        own = {name for node in graph.node for name in node.output} | set(frames)
        numbers = {"nought": 0, "at": column, "far": 1 << 40, "axis": axis, "step": step}
        numbers |= {"more": scale, "less": smaller}
        graph.initializer.extend(numpy_helper.from_array(np.array([n]), f"torn_{name}") for name, n in numbers.items())
        nodes = [
            helper.make_node("Shape", [frames[0]], ["torn_width"], start=axis, end=axis + 1),
            helper.make_node("Sub", ["torn_width", "torn_step"], ["torn_last"]),
            helper.make_node("Min", ["torn_at", "torn_last"], ["torn_start"]),
            # Engines take no empty frame: one that is too narrow for a seam is computed whole, and of the rest nothing
            # is kept.
            helper.make_node("Max", ["torn_start", "torn_step"], ["torn_stop"]),
            helper.make_node("Mul", ["torn_start", "torn_more"], ["torn_large"]),
            helper.make_node("Div", ["torn_large", "torn_less"], ["torn_kept"]),
        ]
        for side, ends in {"left": ("torn_nought", "torn_stop"), "right": ("torn_start", "torn_far")}.items():
            for name in frames:
                nodes.append(helper.make_node("Slice", [name, *ends, "torn_axis"], [f"{side}_{name}"]))
            for node in graph.node:
                copy = onnx.NodeProto()
                copy.CopyFrom(node)
                copy.name = f"{side}_{node.name}"
                copy.input[:] = [f"{side}_{name}" if name in own else name for name in node.input]
                copy.output[:] = [f"{side}_{name}" for name in node.output]
                nodes.append(copy)
        for end in graph.output:
            kept = ["torn_nought", "torn_kept", "torn_axis"]
            nodes.append(helper.make_node("Slice", [f"left_{end.name}", *kept], [f"kept_{end.name}"]))
            parts = [f"kept_{end.name}", f"right_{end.name}"]
            nodes.append(helper.make_node("Concat", parts, [end.name], axis=axis))
        del graph.node[:]
        graph.node.extend(nodes)

    return change


def _in_bytes(model: onnx.ModelProto) -> bool:
    """Whether it takes and gives bytes, channels last."""
    return model.graph.output[0].type.tensor_type.elem_type == TensorProto.UINT8
