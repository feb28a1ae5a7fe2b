"""ONNX graphs run on an engine."""

from __future__ import annotations

import numpy as np
import onnx
from pocketlens.core.catalog import ENGINES


def run(graph: onnx.ModelProto, frame: np.ndarray, engine: str = "onnxruntime") -> np.ndarray:
    """What a graph of one input and one output makes of an array."""
    program = ENGINES.get(engine).load(graph.SerializeToString(), 1)
    (made,) = program.run({graph.graph.input[0].name: np.ascontiguousarray(frame)}).values()
    return made
