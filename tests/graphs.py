"""ONNX graphs run on an engine."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from pocketlens.core.catalog import ENGINES


def run_all(
    graph: onnx.ModelProto, feeds: Mapping[str, np.ndarray], engine: str = "onnxruntime"
) -> Mapping[str, np.ndarray]:
    """What a graph makes of its inputs, by name."""
    program = ENGINES.get(engine).load(graph.SerializeToString(), 1)
    return program.run({name: np.ascontiguousarray(array) for name, array in feeds.items()})


def run(graph: onnx.ModelProto, frame: np.ndarray, engine: str = "onnxruntime") -> np.ndarray:
    """What a graph of one input and one output makes of an array."""
    (made,) = run_all(graph, {graph.graph.input[0].name: frame}, engine).values()
    return made


def spoilt(graph: onnx.ModelProto, error: float) -> onnx.ModelProto:
    """The same graph, its picture off by `error`."""
    worse = onnx.ModelProto()
    worse.CopyFrom(graph)
    last = next(node for node in worse.graph.node if "upscaled" in node.output)
    last.output[0] = "right"
    offset = onnx.helper.make_tensor("offset", onnx.TensorProto.FLOAT, [], [error])
    worse.graph.initializer.append(offset)
    worse.graph.node.append(onnx.helper.make_node("Add", ["right", "offset"], ["upscaled"], name="spoil"))
    return worse
