"""The faces of a deployed graph: `float` for engines, `frame` for camera buffers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import onnx
import torch
from torch.export import Dim

from ..core.checkpoint import Checkpoint
from ..core.spec import ModelSpec
from .trace import trace
from .view import Entry, Exit, FloatFace


def float_face(trained: Checkpoint, half: bool = False) -> onnx.ModelProto:
    """NCHW float32 in [0, 1] in and out, computing in fp32, or in fp16 between fp32 ends; any N, H, W.

    The input's dimensions are named so that they tell what H and W must be a multiple of: `2*height`.
    """
    spec = trained.spec
    side = 8 * spec.align
    sizes = {0: Dim("n"), 2: spec.align * Dim("height"), 3: spec.align * Dim("width")}
    example = torch.rand(2, spec.channels, side, 2 * side)
    graph = trace(FloatFace(trained.deployed(), half), {spec.inputs[0]: example}, [spec.output], [sizes])
    return _sized(graph, "n", spec.channels, *_enlarged(spec.scale * spec.align))


def frame_face(float_graph: onnx.ModelProto, spec: ModelSpec) -> onnx.ModelProto:
    """Wrap a float face of any precision: uint8 NHWC BGR in and out, of any size."""
    entry, exit_ = _ends(spec.channels, spec.align, spec.scale)
    core = _renamed(float_graph, {spec.inputs[0]: "core/made", spec.output: "core/upscaled"})
    chain = _joined(entry, core, {"entry/made": "core/made"})
    chain = _joined(chain, exit_, {"core/upscaled": "exit/made", "entry/aside": "exit/aside"})
    chain = _renamed(chain, {"entry/frame": spec.inputs[0], "exit/bgr": spec.output})
    return _sized(chain, "n", *_enlarged(spec.scale), 3)


@cache
def _ends(channels: int, align: int, scale: int) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """What goes before and behind every network of these facts; not to be changed."""
    n, height, width = Dim("n"), Dim("height"), Dim("width")
    frame = torch.zeros(2, 24, 40, 3, dtype=torch.uint8)
    into = Entry(channels, align)
    entry = trace(into, {"frame": frame}, ["made", "aside"], [{0: n, 1: height, 2: width}])
    with torch.no_grad():
        prepared, aside = into(frame)
    made = prepared.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    sizes = [{0: n, 2: Dim("made_height"), 3: Dim("made_width")}, {0: n, 2: height, 3: width}]
    exit_ = trace(Exit(channels, scale), {"made": made, "aside": aside}, ["bgr"], sizes)
    return onnx.compose.add_prefix(entry, "entry/"), onnx.compose.add_prefix(exit_, "exit/")


def _joined(first: onnx.ModelProto, second: onnx.ModelProto, links: Mapping[str, str]) -> onnx.ModelProto:
    """Feed outputs of `first` to inputs of `second`; what is left over stays an output."""
    kept = [output.name for output in first.graph.output if output.name not in links]
    wanted = [output.name for output in second.graph.output]
    merged = onnx.compose.merge_models(first, second, list(links.items()), outputs=[*kept, *wanted])
    del merged.opset_import[1:]  # merging lists the one opset once for each part
    return merged


def _renamed(model: onnx.ModelProto, names: Mapping[str, str]) -> onnx.ModelProto:
    """A copy with tensors renamed, and without the shapes noted inside it: merging would contradict them."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.value_info[:]
    for node in copy.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value in (*copy.graph.input, *copy.graph.output):
        value.name = names.get(value.name, value.name)
    return copy


def _enlarged(factor: int) -> tuple[str, str]:
    return (f"{factor}*height", f"{factor}*width") if factor > 1 else ("height", "width")


def _sized(model: onnx.ModelProto, *shape: str | int) -> onnx.ModelProto:
    """The model, its output's dimensions named by those of its input: the exporter invents names of its own."""
    for dim, size in zip(model.graph.output[0].type.tensor_type.shape.dim, shape, strict=True):
        if isinstance(size, str):
            dim.dim_param = size
        else:
            dim.dim_value = size
    return model
