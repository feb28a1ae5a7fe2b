"""Sizes that are left open, of which TensorRT must be told the range."""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Check, Finding, Graph


def _find(graph: Graph) -> Iterator[Finding]:
    for value in graph.model.graph.input:
        dims = value.type.tensor_type.shape.dim
        if len(dims) > 1 and any(not dim.HasField("dim_value") for dim in dims):
            told = "sizes are left open, and a TensorRT plan serves only those of its profile"
            mend = "pocketlens export trt MODEL.onnx -o FILE.plan --min 64x64 --opt 360x640 --max 1080x1920"
            yield Finding("note", value.name, told, mend)


CHECK = Check(_find)
