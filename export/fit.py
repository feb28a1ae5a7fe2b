"""Which ONNX graphs TensorRT reads rightly, and the shapes a plan of one is built for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from ..core.errors import BadInput
from ..core.plan_facts import Size
from ..core.tensorrt_plan import Shape
from .finding import Graph
from .graph import constants, lifted, named
from .refusals import refusal


def read_graph(path: Path) -> onnx.ModelProto:
    """An ONNX file that TensorRT reads rightly; BadInput for any other."""
    model = load_graph(path)
    reason = refusal(Graph(model), path)
    if reason:
        raise BadInput(f"{path}, {reason}")
    return model


def load_graph(path: Path) -> onnx.ModelProto:
    """A sound ONNX file with its weights, though they be in another; `named` and `lifted`. BadInput for any other."""
    try:
        model = onnx.load_from_string(path.read_bytes())
    except FileNotFoundError as error:
        raise BadInput(f"no graph at {path}; make one with: pocketlens export onnx MODEL -o {path}") from error
    except (OSError, DecodeError) as error:
        raise BadInput(f"{path} is not a sound ONNX graph; it may be cut short or damaged") from error
    try:
        onnx.load_external_data_for_model(model, str(path.parent))
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise BadInput(f"{path} has weights in another file, which cannot be read: {_first_line(error)}") from error
    require_sound(model, path)
    return named(lifted(model))


def require_sound(model: onnx.ModelProto, path: Path, full: bool = False) -> None:
    """Raise BadInput for what the ONNX checker does not take, with its reason; `full`: the kinds of tensors too."""
    try:
        onnx.checker.check_model(model, full_check=full)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise BadInput(f"{path} is not a sound ONNX graph: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def fitted(model: onnx.ModelProto, sizes: Sequence[Size]) -> list[Size]:
    """The sizes rounded up to what the graph's own dimensions ask for, `16*height`: whoever runs it pads to that."""
    sides = [str(dim) for dims in _inputs(model).values() for dim in dims]
    multiple = max((int(found[1]) for side in sides if (found := re.match(r"(\d+)\*", side))), default=1)
    return [(-(-height // multiple) * multiple, -(-width // multiple) * multiple) for height, width in sizes]


def input_shapes(model: onnx.ModelProto, sizes: Sequence[Size]) -> dict[str, list[Shape]]:
    """Input name -> its shape at each of `sizes`, one sample at a time.

    Raises BadInput for an input that is neither a picture, NCHW or NHWC of three channels, nor a number that
    goes with pictures, and for one whose own sizes are others.
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
    if len(dims) != 4 or not (dims[3] == 3 or (isinstance(dims[1], int) and dims[1])):
        raise BadInput(f"the graph's input '{name}' is no picture: its shape is {dims}")
    shape = (1, *size, 3) if dims[3] == 3 else (1, int(dims[1]), *size)
    if any(isinstance(own, int) and own not in (0, asked) for own, asked in zip(dims, shape, strict=True)):
        raise BadInput(
            f"the graph's input '{name}' is of the shape {dims} and takes none of {list(shape)}; {_own(dims, shape)}"
        )
    return shape


def _own(dims: list[str | int], shape: Shape) -> str:
    """How to ask for a shape that the dimensions allow."""
    if isinstance(dims[0], int) and dims[0] > 1:
        return "make it for one picture at a time"
    own = [side if isinstance(side, int) and side else asked for side, asked in zip(dims, shape, strict=True)]
    size = "{}x{}".format(*(own[1:3] if dims[3] == 3 else own[2:]))
    return f"give --min {size} --opt {size} --max {size}"


def require_for_dla(model: onnx.ModelProto, path: Path, sizes: Sequence[Size]) -> None:
    """Raise BadInput for what no deep learning accelerator runs: fp32 throughout, and frames of several sizes."""
    graph = Graph(model)
    half = any(tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in graph.constants.values())
    if not (half or graph.quantized):
        raise BadInput(
            f"{path} is fp32, and --dla takes fp16 or int8; make one with: "
            "pocketlens export onnx MODEL -o FILE.onnx --precision fp16 --for tensorrt"
        )
    if len(set(sizes)) > 1:
        best = "{}x{}".format(*sizes[1])
        raise BadInput(f"--dla takes frames of one size: give --min {best} --opt {best} --max {best}, or another")
