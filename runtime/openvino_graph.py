"""Graphs in the form that OpenVINO is fastest with: the same function of the same input, up to rounding.

Its kernels make 16 channels at a time. The head of an upscaler by 2 has 4, one for each sub-pixel, and three of four
multipliers idle; made for 2x2 pixels at once it has 16. A transposed convolution to one channel is a head like it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import need

_SCALE = 2
_BLOCK = 2
"""Pixels to a side that a wide head makes at once."""
_SIDE = _BLOCK * _SCALE
_POINTWISE = {"Add", "Clamp", "Convert", "Maximum", "Minimum", "Multiply", "Round"}
_CHANGES = {"Convert": 1, "Multiply": 2, "Subtract": 2}
"""What makes floats of 8-bit weights, and how many inputs it has."""


class _Unfit(Exception):
    """A head that is not of the kind that can be made wide."""


def in_bytes(model: Any, names: frozenset[str]) -> Any:
    """The same model with these float tensors in bytes: it makes and reads them where its values are in the cache."""
    openvino, ops = need("openvino", "openvino"), _ops()
    changed = openvino.preprocess.PrePostProcessor(model.clone())
    for port in model.inputs:
        if port.any_name in names:
            changed.input(port.any_name).tensor().set_element_type(openvino.Type.u8)
            changed.input(port.any_name).preprocess().convert_element_type(openvino.Type.f32).scale(255.0)

    def to_bytes(values: Any) -> Any:
        levels = ops.round(ops.multiply(values, np.float32(255)), "half_to_even")
        return ops.convert(ops.clamp(levels, 0, 255), "u8").output(0)

    for port in model.outputs:
        if port.any_name in names:
            changed.output(port.any_name).postprocess().custom(to_bytes)
    return changed.build()


def rewritten(model: Any) -> Any:
    """A model of fixed shapes, changed in place."""
    return with_wide_heads(with_plain_convolutions(model))


def with_plain_convolutions(model: Any) -> Any:
    """The model without transposed convolutions to one channel."""
    return _changed(model, "ConvolutionBackpropData", _as_convolution)


def with_wide_heads(model: Any) -> Any:
    """The model whose heads make 2x2 pixels at once."""
    return _changed(model, "DepthToSpace", _widened)


def _changed(model: Any, kind: str, change: Callable[[Any], None]) -> Any:
    for node in model.get_ordered_ops():
        if node.get_type_name() == kind:
            change(node)
    model.validate_nodes_and_infer_types()
    return model


def _as_convolution(node: Any) -> None:
    """A transposed convolution to one channel -> a convolution to each sub-pixel, and a shuffle.

    Sub-pixel r of place i is the sum of w[r + p - s d] x[i + d] over all d that w has a weight for.
    """
    facts, source = node.get_attributes(), node.input_value(1).get_node()
    scale, before = facts["strides"][0], facts["pads_begin"][0]
    larger = [scale * side for side in node.get_input_shape(0)[2:]]
    plain = source.get_type_name() == "Constant" and list(facts["dilations"]) == [1, 1]
    if not plain or list(node.get_output_shape(0)[1:]) != [1, *larger]:
        return
    weights = np.asarray(source.data)
    side = weights.shape[2]
    reach = max((scale - 1 + before) // scale, -((before - side + 1) // scale))
    kernel = np.zeros((scale, scale, len(weights), 2 * reach + 1, 2 * reach + 1), weights.dtype)
    offsets = range(-reach, reach + 1)
    taps = [(r, d + reach, r + before - scale * d) for r in range(scale) for d in offsets]
    taps = [tap for tap in taps if 0 <= tap[2] < side]
    for row, down, y in taps:
        for column, right, x in taps:
            kernel[row, column, :, down, right] = weights[:, 0, y, x]
    ops, pads = _ops(), [reach, reach]
    kernel = ops.constant(kernel.reshape(scale**2, *kernel.shape[2:]))
    made = ops.convolution(node.input_value(0), kernel, [1, 1], pads, pads, [1, 1])
    made.set_friendly_name(node.get_friendly_name())
    _replace(node, ops.depth_to_space(made, "depth_first", scale))


def _widened(shuffle: Any) -> None:
    """A convolution to 2x2 sub-pixels, and what is added to it, for 2x2 pixels at once; of even sides alone."""
    _, channels, height, width = shuffle.get_input_shape(0)
    if channels != _SCALE**2 or shuffle.get_attributes()["block_size"] != _SCALE or height % _BLOCK or width % _BLOCK:
        return
    try:
        wide = _wide(shuffle.input_value(0))
    except _Unfit:
        return
    _replace(shuffle, _ops().depth_to_space(wide, "blocks_first", _SIDE))


def without_last_shuffle(model: Any) -> frozenset[str]:
    """Take the shuffle of wide heads that end in bytes off a model, changed in place.

    Gives the outputs that `shuffle_into` is to finish. They come as (1, H/4, W/4, 16), which is how OpenVINO keeps maps
    anyway; its own shuffle moves one value after the other.
    """
    left = set()
    for result in model.get_results():
        last = result.input_value(0)
        chain = [last.get_node()]
        while source := _source_of_each_value(chain[-1]):
            chain.append(source)
        head = chain[-1]
        once = all(len(node.output(0).get_target_inputs()) == 1 for node in chain)
        if not once or head.get_type_name() != "DepthToSpace" or head.get_attributes()["block_size"] != _SIDE:
            continue
        if last.get_element_type() != need("openvino", "openvino").Type.u8 or len(chain) < 2:
            continue
        left |= last.get_names()
        _end_with_channels(model, result, head)
    return frozenset(left)


def _end_with_channels(model: Any, result: Any, head: Any) -> None:
    """Let what follows a shuffle follow what is shuffled, channels last at the end."""
    (reader,) = head.output(0).get_target_inputs()
    reader.replace_source_output(head.input_value(0))
    model.validate_nodes_and_infer_types()
    last = result.input_value(0)
    names = last.get_names()
    last.set_names(set())
    turned = _ops().transpose(last, np.array([0, 2, 3, 1]))
    turned.output(0).set_names(names)
    result.input(0).replace_source_output(turned.output(0))
    model.validate_nodes_and_infer_types()


def _source_of_each_value(node: Any) -> Any:
    """What a node does the same to each value of, wherever that is; None where it does something else."""
    if node.get_type_name() not in _POINTWISE:
        return None
    sources = [value.get_node() for value in node.input_values()]
    constants = [one for one in sources if one.get_type_name() == "Constant"]
    if len(constants) != len(sources) - 1 or any(one.data.size > 1 for one in constants):
        return None
    return next(one for one in sources if one.get_type_name() != "Constant")


def shuffle_into(picture: np.ndarray, cells: np.ndarray) -> None:
    """Write (1, H/4, W/4, 16) bytes, the 4x4 pixels of each cell, into a picture (1, 1, H, W), four bytes at a time."""
    _, rows, columns, _ = cells.shape
    fours = cells.reshape(rows, columns, _SIDE**2).view(np.uint32).transpose(0, 2, 1)
    np.copyto(picture.reshape(rows, _SIDE, columns * _SIDE).view(np.uint32), fours)


def _places() -> list[tuple[int, int, int]]:
    """For each channel of a wide head, in the order of its shuffle: the narrow one's channel, and the pixel."""
    found = []
    for index in range(_SIDE**2):
        (down, row), (right, column) = (divmod(place, _SCALE) for place in divmod(index, _SIDE))
        found.append((row * _SCALE + column, down, right))
    return found


def _wide(port: Any) -> Any:
    """(1, 4, H, W), or what is added to that, for 2x2 pixels at once: (1, 16, H/2, W/2)."""
    node, ops = port.get_node(), _ops()
    kind = node.get_type_name()
    if kind == "Add":
        return ops.add(_wide(node.input_value(0)), _wide(node.input_value(1)))
    if kind == "Constant":
        return ops.constant(_repeated(np.asarray(node.data), axis=1))
    if kind == "Convolution":
        return _wide_convolution(node)
    if list(port.get_shape())[1] != 1:
        raise _Unfit
    picked = np.zeros((_SIDE**2, 1, _BLOCK, _BLOCK), port.get_element_type().to_dtype())
    for index, (_, down, right) in enumerate(_places()):
        picked[index, 0, down, right] = 1
    return ops.convolution(port, ops.constant(picked), [_BLOCK, _BLOCK], [0, 0], [0, 0], [1, 1])


def _wide_convolution(node: Any) -> Any:
    facts, ones = node.get_attributes(), [1, 1]
    if [*facts["strides"], *facts["dilations"]] != [*ones, *ones]:
        raise _Unfit
    weights = _wide_weights(node.input_value(1), tuple(node.get_input_shape(1)))
    pads = list(facts["pads_begin"]), list(facts["pads_end"])
    made = _ops().convolution(node.input_value(0), weights, [_BLOCK, _BLOCK], *pads, ones)
    made.set_friendly_name(node.get_friendly_name())
    return made


def _wide_weights(port: Any, shape: tuple[int, ...]) -> Any:
    """Weights of this shape, (4, C, k, k), or their steps, or what makes floats of them, for (16, C, k + 1, k + 1)."""
    node, ops = port.get_node(), _ops()
    kind = node.get_type_name()
    if kind in _CHANGES:
        parts = [_wide_weights(node.input_value(index), shape) for index in range(_CHANGES[kind])]
        if kind == "Convert":
            return ops.convert(parts[0], node.get_output_element_type(0).to_string())
        return (ops.multiply if kind == "Multiply" else ops.subtract)(*parts)
    if kind != "Constant":
        raise _Unfit
    values = np.asarray(node.data)
    if values.shape != shape:
        return ops.constant(_repeated(values, axis=0))
    extra = _BLOCK - 1
    made = np.zeros((_SIDE**2, values.shape[1], *(side + extra for side in values.shape[2:])), values.dtype)
    for index, (channel, down, right) in enumerate(_places()):
        made[index, :, down : down + values.shape[2], right : right + values.shape[3]] = values[channel]
    return ops.constant(made)


def _repeated(values: np.ndarray, axis: int) -> np.ndarray:
    """What a narrow head has for each channel, for those of a wide one."""
    if values.size == 1:
        return values
    if values.ndim != 4 or values.shape[axis] != _SCALE**2:
        raise _Unfit
    return np.take(values, [channel for channel, _, _ in _places()], axis)


def _replace(old: Any, new: Any) -> None:
    """Let whoever reads `old` read `new`."""
    new.output(0).add_names(old.output(0).get_names())
    for reader in old.output(0).get_target_inputs():
        reader.replace_source_output(new.output(0))


def _ops() -> Any:
    return need("openvino.opset13", "openvino")
