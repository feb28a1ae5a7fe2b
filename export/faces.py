"""The faces of a deployed graph: `float` for engines, `frame` for camera buffers."""

from __future__ import annotations

from collections.abc import Mapping

import onnx
import torch
from torch.export import Dim

from ..core.checkpoint import Checkpoint
from ..core.spec import ModelSpec
from .trace import trace
from .view import Entry, Exit, FloatFace


def float_face(trained: Checkpoint, half: bool = False) -> onnx.ModelProto:
    """NCHW float32 in [0, 1] in and out, computing in fp32, or in fp16 between fp32 ends; any N, H, W."""
    spec = trained.spec
    side = 8 * spec.align
    sizes = {0: Dim("n"), 2: spec.align * Dim("height"), 3: spec.align * Dim("width")}
    example = torch.rand(2, spec.channels, side, 2 * side)
    return trace(FloatFace(trained.deployed(), half), {spec.inputs[0]: example}, [spec.output], [sizes])


def frame_face(float_graph: onnx.ModelProto, spec: ModelSpec) -> onnx.ModelProto:
    """Wrap a float face of any precision: uint8 NHWC BGR in and out, of any size."""
    n, height, width = Dim("n"), Dim("height"), Dim("width")
    frame = torch.zeros(2, 24, 40, 3, dtype=torch.uint8)
    entry = trace(Entry(spec.channels, spec.align), {"frame": frame}, ["made", "aside"], [{0: n, 1: height, 2: width}])
    with torch.no_grad():
        _, aside = Entry(spec.channels, spec.align)(frame)
    made = torch.rand(2, spec.channels, 24 * spec.scale, 40 * spec.scale)
    exit_ = trace(
        Exit(spec.channels, spec.scale),
        {"made": made, "aside": aside},
        ["bgr"],
        [{0: n, 2: Dim("made_height"), 3: Dim("made_width")}, {0: n, 2: height, 3: width}],
    )
    inner = _renamed(float_graph, {spec.inputs[0]: "core/made", spec.output: "core/upscaled"})
    chain = _joined(_prefixed(entry, "entry/"), inner, {"entry/made": "core/made"})
    chain = _joined(chain, _prefixed(exit_, "exit/"), {"core/upscaled": "exit/made", "entry/aside": "exit/aside"})
    chain = _renamed(chain, {"entry/frame": spec.inputs[0], "exit/bgr": spec.output})
    onnx.checker.check_model(chain)
    return chain


def _joined(first: onnx.ModelProto, second: onnx.ModelProto, links: Mapping[str, str]) -> onnx.ModelProto:
    """Feed outputs of `first` to inputs of `second`; what is left over stays an output."""
    kept = [output.name for output in first.graph.output if output.name not in links]
    wanted = [output.name for output in second.graph.output]
    return onnx.compose.merge_models(first, second, list(links.items()), outputs=[*kept, *wanted])


def _prefixed(model: onnx.ModelProto, prefix: str) -> onnx.ModelProto:
    return onnx.compose.add_prefix(model, prefix)


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
