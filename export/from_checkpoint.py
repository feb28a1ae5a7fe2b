"""A checkpoint as a bundle in memory, so that a runtime takes it like any other model."""

from __future__ import annotations

from pathlib import Path

from ..core.bundle import Bundle, Graph
from .options import open_checkpoint


def bundle_of(path: Path) -> Bundle:
    """A run folder or weights file -> a bundle of its fp32 `float` graph alone, measured on nothing.

    Raises BadInput for what is no checkpoint, MachineCannot without torch.
    """
    trained = open_checkpoint(str(path))
    from .build import Graphs
    from .describe import describe

    graph = Graph(file="graphs/fp32-float.onnx", precision="fp32", face="float", target="cpu")
    files = {graph.file: Graphs(trained).build("fp32").SerializeToString()}
    return Bundle(describe(trained, path.stem, [graph]), files, str(path))


SOURCE = bundle_of
