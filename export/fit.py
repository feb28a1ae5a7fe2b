"""Which ONNX graphs TensorRT reads rightly, and the shapes a plan of one is built for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError

from ..core.errors import BadInput
from ..core.tensorrt_plan import Shape
from .graph import array, constants
from .options import Size


def read_graph(path: Path) -> onnx.ModelProto:
    """An ONNX file that TensorRT reads rightly; BadInput for any other."""
    model = load_graph(path)
    _require_signed(model, path)
    return model


def load_graph(path: Path) -> onnx.ModelProto:
    """A sound ONNX file; BadInput for any other."""
    try:
        model = onnx.load_from_string(path.read_bytes())
        onnx.checker.check_model(model)
    except FileNotFoundError as error:
        raise BadInput(f"no graph at {path}; make one with: pocketlens export onnx MODEL -o {path}") from error
    except (OSError, DecodeError, onnx.checker.ValidationError) as error:
        raise BadInput(f"{path} is not a sound ONNX graph; it may be cut short or damaged") from error
    return model


def _require_signed(model: onnx.ModelProto, path: Path) -> None:
    """Raise BadInput for int8 made for a CPU, which TensorRT refuses or, worse, reads wrongly."""
    written = [node for node in model.graph.node if node.op_type == "Constant" and node.attribute[0].name == "value"]
    tensors = constants(model.graph) | {node.output[0]: node.attribute[0].t for node in written}
    if any(_for_a_cpu(node, tensors) for node in model.graph.node):
        raise BadInput(
            f"{path} is int8 made for a CPU, which TensorRT refuses or reads wrongly; make the right one with: "
            "pocketlens export onnx MODEL -o FILE.onnx --precision int8 --for tensorrt"
        )


def _for_a_cpu(node: onnx.NodeProto, tensors: Mapping[str, onnx.TensorProto]) -> bool:
    """Whether it quantizes to something other than int8 around zero, or restores a 32-bit bias."""
    if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
        return False
    source = tensors.get(node.input[0])
    if source is not None and source.data_type == onnx.TensorProto.INT32:
        return True
    if len(node.input) < 3:
        # Where ONNX is not told a type it takes uint8.
        return node.op_type == "QuantizeLinear" and not any(one.name == "output_dtype" for one in node.attribute)
    zero = tensors.get(node.input[2])
    return zero is not None and (array(zero).dtype != np.int8 or bool(np.any(array(zero))))


def fitted(model: onnx.ModelProto, sizes: Sequence[Size]) -> list[Size]:
    """The sizes rounded up to what the graph's own dimensions ask for, `16*height`: whoever runs it pads to that."""
    sides = [str(dim) for dims in _inputs(model).values() for dim in dims]
    multiple = max((int(found[1]) for side in sides if (found := re.match(r"(\d+)\*", side))), default=1)
    return [(-(-height // multiple) * multiple, -(-width // multiple) * multiple) for height, width in sizes]


def input_shapes(model: onnx.ModelProto, sizes: Sequence[Size]) -> dict[str, list[Shape]]:
    """Input name -> its shape at each of `sizes`, one sample at a time.

    Raises BadInput for an input that is neither a picture, NCHW or NHWC of three channels, nor a number that
    goes with pictures.
    """
    inputs = _inputs(model)
    pictures = any(len(dims) == 4 for dims in inputs.values())
    return {
        name: [(1,) for _ in sizes] if len(dims) == 1 and pictures else [_shape(name, dims, size) for size in sizes]
        for name, dims in inputs.items()
    }


def _inputs(model: onnx.ModelProto) -> dict[str, list[str | int]]:
    """Input name -> its dimensions, sizes or names."""
    weights = constants(model.graph)
    return {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in model.graph.input
        if value.name not in weights
    }


def _shape(name: str, dims: list[str | int], size: Size) -> Shape:
    if len(dims) != 4 or not (dims[3] == 3 or isinstance(dims[1], int)):
        raise BadInput(f"the graph's input '{name}' is no picture: its shape is {dims}")
    return (1, *size, 3) if dims[3] == 3 else (1, int(dims[1]), *size)
