"""Tiny bundles made on the spot, for tests of whatever runs them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from pocketlens.core.bundle import write
from pocketlens.core.manifest import Graph, Manifest


def upscaler_graph(channels: int = 1, scale: int = 2, seed: int = 0) -> bytes:
    """A 3x3 convolution, ReLU, a 5x5 convolution to sub-pixels added to the input, pixel shuffle.

    Nearest-neighbour upscaling plus a small residual; a receptive field of radius 3. `frame` ->
    `upscaled`, N, H and W dynamic.
    """
    rng = np.random.default_rng(seed)
    subpixels, hidden = channels * scale**2, 8
    weights = {
        "w1": rng.normal(0, 0.3, (hidden, channels, 3, 3)),
        "b1": rng.normal(0, 0.1, hidden),
        "w2": rng.normal(0, 0.01, (subpixels, hidden, 5, 5)),
        "repeat": np.repeat(np.eye(channels), scale**2, axis=0)[:, :, None, None],
    }
    nodes = [
        helper.make_node("Conv", ["frame", "w1", "b1"], ["wide"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["wide"], ["features"]),
        helper.make_node("Conv", ["features", "w2"], ["residual"], pads=[2, 2, 2, 2]),
        helper.make_node("Conv", ["frame", "repeat"], ["repeated"]),
        helper.make_node("Add", ["repeated", "residual"], ["subpixels"]),
        helper.make_node("DepthToSpace", ["subpixels"], ["upscaled"], blocksize=scale, mode="CRD"),
    ]
    return _model(nodes, weights, channels)


def unshuffled_graph() -> bytes:
    """x2 through half the resolution, so that sides must be even; a receptive field of radius 3."""
    weights = {"w": np.random.default_rng(0).normal(0, 0.2, (16, 4, 3, 3))}
    nodes = [
        helper.make_node("SpaceToDepth", ["frame"], ["small"], blocksize=2),
        helper.make_node("Conv", ["small", "w"], ["subpixels"], pads=[1, 1, 1, 1]),
        helper.make_node("DepthToSpace", ["subpixels"], ["upscaled"], blocksize=4, mode="CRD"),
    ]
    return _model(nodes, weights, 1)


def nearest_graph(channels: int = 1, scale: int = 2) -> bytes:
    """Nearest-neighbour upscaling alone: what comes out is known exactly."""
    weights = {"repeat": np.repeat(np.eye(channels), scale**2, axis=0)[:, :, None, None]}
    nodes = [
        helper.make_node("Conv", ["frame", "repeat"], ["subpixels"]),
        helper.make_node("DepthToSpace", ["subpixels"], ["upscaled"], blocksize=scale, mode="CRD"),
    ]
    return _model(nodes, weights, channels)


def _model(nodes: list[onnx.NodeProto], weights: dict[str, np.ndarray], channels: int) -> bytes:
    frame = helper.make_tensor_value_info("frame", TensorProto.FLOAT, ["n", channels, "h", "w"])
    upscaled = helper.make_tensor_value_info("upscaled", TensorProto.FLOAT, ["n", channels, "h2", "w2"])
    tensors = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "upscaler", [frame], [upscaled], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def make_bundle(
    path: Path,
    channels: int = 1,
    scale: int = 2,
    align: int = 1,
    reach: int = 3,
    graphs: dict[str, bytes] | None = None,
    targets: Sequence[str] = ("cpu",),
) -> Path:
    """Seal a bundle of `float` graphs for `targets` at `path`: `graphs` by precision, by default one in fp32."""
    graphs = graphs or {"fp32": upscaler_graph(channels, scale)}
    manifest = Manifest(
        name=path.stem,
        task="upscale",
        network="test",
        options={},
        parameters=1,
        channels=channels,
        scale=scale,
        align=align,
        reach=reach,
        macs_per_pixel=1000.0,
        inputs=["frame"],
        output="upscaled",
        graphs=[
            Graph(file=f"{p}.onnx", precision=p, face="float", target=target)  # type: ignore[arg-type]
            for p in graphs
            for target in targets
        ],
        samples=[],
        quality={"samples": {"psnr_y": 30.0}},
        limits={},
        provenance={},
        files={},
    )
    write(path, manifest, {f"{p}.onnx": data for p, data in graphs.items()})
    return path
