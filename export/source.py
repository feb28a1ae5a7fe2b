"""The bytes that an ONNX graph is made of: its file, and those beside it that hold weights."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import onnx
from onnx.external_data_helper import ExternalDataInfo, uses_external_data


def source_files(path: Path) -> list[Path]:
    """An ONNX file, and after it those that hold weights of it."""
    model = onnx.load_from_string(path.read_bytes())
    beside = {ExternalDataInfo(tensor).location for tensor in _tensors(model.graph) if uses_external_data(tensor)}
    return [path, *(path.parent / name for name in sorted(beside))]


def source_sha256(files: Sequence[Path]) -> str:
    """Hex digest of the bytes of them all, one after the other."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for body in (attribute.g, *attribute.graphs):
                yield from _tensors(body)
