"""Tiny interpolating bundles made on the spot: what comes out of them is known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from pocketlens.core.bundle import write
from pocketlens.core.facts import Sampling
from pocketlens.core.manifest import Graph, Manifest


def moving_graph(x: float = 0, y: float = 0) -> bytes:
    """`motion`: everything moves by (x, y) pixels from `before` to `after`; the nearer frame has the greater share.

    The map has half the frame's size.
    """
    constants = {
        "first": [0, 0, 0],
        "last": [1, 1 << 30, 1 << 30],
        "axes": [1, 2, 3],
        "steps": [1, 2, 2],
        "velocity": [[[[x]], [[y]]]],
        "one": [1.0],
        "turn": [-1, 1, 1, 1],
    }
    nodes = [
        helper.make_node("Sub", ["before", "after"], ["change"]),
        helper.make_node("Slice", ["change", "first", "last", "axes", "steps"], ["plane"]),
        helper.make_node("Sub", ["plane", "plane"], ["zero"]),
        helper.make_node("Reshape", ["t", "turn"], ["moment"]),
        helper.make_node("Mul", ["moment", "velocity"], ["gone"]),
        helper.make_node("Sub", ["zero", "gone"], ["flow_before"]),
        helper.make_node("Sub", ["velocity", "gone"], ["left"]),
        helper.make_node("Add", ["zero", "left"], ["flow_after"]),
        helper.make_node("Sub", ["one", "moment"], ["share"]),
        helper.make_node("Div", ["share", "moment"], ["odds"]),
        helper.make_node("Log", ["odds"], ["logits"]),
        helper.make_node("Add", ["zero", "logits"], ["mask"]),
        helper.make_node("Concat", ["flow_before", "flow_after", "mask"], ["motion"], axis=1),
    ]
    return _model(nodes, constants, {"motion": 5}, smaller="_2")


def fading_graph() -> bytes:
    """`float`: a cross-fade."""
    nodes = [
        helper.make_node("Reshape", ["t", "turn"], ["moment"]),
        helper.make_node("Sub", ["after", "before"], ["change"]),
        helper.make_node("Mul", ["change", "moment"], ["part"]),
        helper.make_node("Add", ["before", "part"], ["between"]),
    ]
    return _model(nodes, {"turn": [-1, 1, 1, 1]}, {"between": 3})


def _model(
    nodes: list[onnx.NodeProto], constants: Mapping[str, list], outputs: Mapping[str, int], smaller: str = ""
) -> bytes:
    def value(name: str, shape: list) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    tensors = [
        numpy_helper.from_array(np.array(held, np.int64 if isinstance(held[0], int) else np.float32), name)
        for name, held in constants.items()
    ]
    graph = helper.make_graph(
        nodes,
        "interpolator",
        [value("before", ["n", 3, "h", "w"]), value("after", ["n", 3, "h", "w"]), value("t", ["n"])],
        [value(name, ["n", channels, f"h{smaller}", f"w{smaller}"]) for name, channels in outputs.items()],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def make_interpolator(
    path: Path,
    graphs: Mapping[tuple[str, str], bytes] | None = None,
    align: int = 16,
    reach: int = 8,
    sampling: Sampling = "bilinear",
) -> Path:
    """Seal a bundle at `path`: graphs by precision and face, by default a `motion` one in which nothing moves."""
    graphs = graphs or {("fp32", "motion"): moving_graph()}
    manifest = Manifest(
        name=path.stem,
        task="interpolate",
        network="test",
        options={},
        parameters=1,
        channels=3,
        scale=1,
        align=align,
        reach=reach,
        sampling=sampling,
        macs_per_pixel=1000.0,
        inputs=["before", "after", "t"],
        output="between",
        graphs=[Graph(file=f"{p}-{face}.onnx", precision=p, face=face, target="cpu") for p, face in graphs],  # type: ignore[arg-type]
        samples=[],
        quality={"samples": {"psnr_rgb": 30.0}},
        limits={},
        provenance={},
        files={},
    )
    write(path, manifest, {f"{p}-{face}.onnx": data for (p, face), data in graphs.items()})
    return path
