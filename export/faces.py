"""The faces of a deployed graph.

`float` is for engines and `frame` for camera buffers; `split` and `motion` leave the warping to the caller, and
`motion` the enlarging too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import onnx
import torch
from torch import Tensor, nn
from torch.export import Dim

from ..core.checkpoint import Checkpoint
from ..core.errors import BadInput
from ..core.manifest import MOMENT, PARTS, Face
from ..core.spec import ModelSpec
from .graph import pruned
from .trace import trace
from .view import Entry, Exit, Interpolating, Upscaling


def faces_of(spec: ModelSpec) -> tuple[Face, ...]:
    """The faces that a network has."""
    return ("float", "frame", "split", "motion") if spec.split else ("float", "frame")


def require_face(face: str, spec: ModelSpec, name: str) -> None:
    """Raise BadInput where a network has no such face."""
    if face in faces_of(spec):
        return
    if spec.task == "upscale":
        raise BadInput(f"the {face} face is for interpolation networks; use --face float or frame")
    raise BadInput(
        f"{name} draws its picture by more than a blend of two warped frames, so it has no {face} face; "
        "use --face float or frame"
    )


def whole_graph(trained: Checkpoint) -> onnx.ModelProto:
    """All that the `float`, the `split` and the `motion` face give, in fp32; any N, H, W.

    The inputs' dimensions are named so that they tell what H and W must be a multiple of: `2*height`.
    """
    spec, network = trained.spec, trained.deployed()
    side = 8 * spec.align
    sides = (spec.align * Dim("height"), spec.align * Dim("width"))
    inputs = {name: _example(name, spec, side) for name in spec.inputs}
    sizes = [{0: Dim("n")} if name == MOMENT else {0: Dim("n"), 2: sides[0], 3: sides[1]} for name in spec.inputs]
    outputs = [spec.output, *(name for parts in PARTS.values() for name in parts if spec.split)]
    module: nn.Module = Upscaling(network) if spec.task == "upscale" else Interpolating(network, spec.split)
    graph = trace(module, inputs, outputs, sizes)
    with torch.inference_mode():
        made = module(*spec.blank(spec.align, spec.align))
    made = made if isinstance(made, tuple) else (made,)
    return _sized(graph, [("n", one.shape[1], *_enlarged(one.shape[3])) for one in made])


def cut(whole: onnx.ModelProto, face: str, spec: ModelSpec) -> onnx.ModelProto:
    """What of the whole graph gives one face, of any precision; of `frame`, what `frame_face` wraps."""
    return pruned(whole, list(PARTS.get(face, [spec.output])))


def frame_face(float_graph: onnx.ModelProto, spec: ModelSpec) -> onnx.ModelProto:
    """Wrap a float face of any precision: uint8 NHWC BGR in and out, of any size."""
    entry, exit_ = _ends(spec.channels, spec.align, spec.scale)
    frames = [name for name in spec.inputs if name != MOMENT]
    chain = _renamed(float_graph, {name: f"core/{name}" for name in [*frames, spec.output]})
    for name in reversed(frames):
        chain = _joined(onnx.compose.add_prefix(entry, f"{name}/"), chain, {f"{name}/made": f"core/{name}"})
    links = {f"core/{spec.output}": "exit/made", f"{frames[0]}/aside": "exit/aside"}
    chain = _joined(chain, onnx.compose.add_prefix(exit_, "exit/"), links)
    chain = _renamed(chain, {**{f"{name}/frame": name for name in frames}, "exit/bgr": spec.output})
    return _sized(pruned(chain, [spec.output]), [("n", *_enlarged(spec.scale), 3)])


@cache
def _ends(channels: int, align: int, scale: int) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """What goes before each frame and behind the picture of every network of these facts; not to be changed."""
    n, height, width = Dim("n"), Dim("height"), Dim("width")
    frame = torch.zeros(2, 24, 40, 3, dtype=torch.uint8)
    into = Entry(channels, align)
    entry = trace(into, {"frame": frame}, ["made", "aside"], [{0: n, 1: height, 2: width}])
    with torch.no_grad():
        prepared, aside = into(frame)
    made = prepared.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    sizes = [{0: n, 2: Dim("made_height"), 3: Dim("made_width")}, {0: n, 2: height, 3: width}]
    return entry, trace(Exit(channels, scale), {"made": made, "aside": aside}, ["bgr"], sizes)


def _example(name: str, spec: ModelSpec, side: int) -> Tensor:
    return torch.tensor([0.4, 0.6]) if name == MOMENT else torch.rand(2, spec.channels, side, 2 * side)


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


def _sized(model: onnx.ModelProto, shapes: Sequence[Sequence[str | int]]) -> onnx.ModelProto:
    """The model, its outputs' dimensions named by those of its inputs: the exporter invents names of its own."""
    for output, shape in zip(model.graph.output, shapes, strict=True):
        for dim, size in zip(output.type.tensor_type.shape.dim, shape, strict=True):
            if isinstance(size, str):
                dim.dim_param = size
            else:
                dim.dim_value = size
    return model
