"""What the convolutions of a graph compute and move, and the least time in which a machine can do both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .engines.openvino import core
from .machine import Machine

_PLACES = {"Convolution": 0, "GroupConvolution": 0, "ConvolutionBackpropData": 1, "GroupConvolutionBackpropData": 1}
"""Operation -> whether each weight is used at each place of what goes in, rather than of what comes out."""
_CHANGES = {"Convert", "Subtract", "Multiply"}
"""What stands between a map in 8 bits and the convolution that reads it."""
_BYTES = {"int8": 1, "fp32": 4}


@dataclass(frozen=True)
class Layer:
    """One convolution at one size."""

    name: str
    arithmetic: str
    """`int8` where it reads a map in 8 bits, `fp32` where not: fp16 graphs compute so on a CPU."""
    operations: float
    """A multiply-add is two."""
    moved: float
    """Bytes of the map that is read and of the one that is written, each once; weights are next to nothing."""


def layers(graph: bytes, shapes: Mapping[str, Sequence[int]]) -> list[Layer]:
    """The convolutions of an ONNX graph whose inputs have these shapes, by OpenVINO's reading of it."""
    model = core().read_model(graph)
    model.reshape({name: list(shape) for name, shape in shapes.items()})
    return [_layer(operation) for operation in model.get_ordered_ops() if operation.get_type_name() in _PLACES]


def _layer(convolution: Any) -> Layer:
    kind, arithmetic = convolution.get_type_name(), "int8" if _of_bytes(convolution.input_value(0)) else "fp32"
    read, written = (math.prod(port.get_shape()) for port in (convolution.input(0), convolution.output(0)))
    channels = (convolution.output(0), convolution.input(0))[_PLACES[kind]].get_shape()[1]
    weights = math.prod(convolution.input(1).get_shape())
    places = (written, read)[_PLACES[kind]] / channels
    moved = _BYTES[arithmetic] * (read + written)
    return Layer(convolution.get_friendly_name(), arithmetic, 2.0 * places * weights, float(moved))


def _of_bytes(port: Any) -> bool:
    """Whether a map is 8-bit values made floats, or several such joined."""
    node = port.get_node()
    kind = node.get_type_name()
    if kind == "Concat":
        return all(map(_of_bytes, node.input_values()))
    if kind in _CHANGES:
        return _of_bytes(node.input_value(0))
    return kind == "FakeQuantize" or port.get_element_type().size == 1


def seconds(layer: Layer, machine: Machine) -> float:
    """The least time for one layer: that of its arithmetic, or of moving its maps, whichever is longer."""
    return max(layer.operations / machine.operations[layer.arithmetic], layer.moved / machine.bandwidth)


def floor(found: Sequence[Layer], machine: Machine) -> float:
    """Seconds for them all, one after the other (Williams, Waterman and Patterson 2009, layer by layer).

    What else a graph does is taken to cost nothing, and so are rows of multipliers that few channels leave idle.
    """
    return sum(seconds(layer, machine) for layer in found)
