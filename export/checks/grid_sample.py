"""GridSample in a form that TensorRT reads wrongly or not at all."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import onnx
from onnx import NodeProto

from ..dataflow import WARP
from ..finding import Check, Finding, Graph

_RENAMED = {"linear": "bilinear", "cubic": "bicubic"}
"""Modes as opset 20 calls them -> as opset 16 did."""
_RENAMED_IN, _SAFE = 20, 18


def _mode(node: NodeProto) -> onnx.AttributeProto | None:
    return next((attribute for attribute in node.attribute if attribute.name == "mode"), None)


def _find(graph: Graph) -> Iterator[Finding]:
    for node in graph.nodes:
        if node.op_type != WARP:
            continue
        mode = _mode(node)
        if graph.opset >= _RENAMED_IN and (mode is None or mode.s.decode() in _RENAMED):
            told = f"TensorRT 10, 11 and RTX silently take GridSample of opset {graph.opset} for nearest neighbour"
            yield Finding("error", node.name, told, f"write the graph with opset 16 to {_SAFE}; --fix does")
        if graph.ranks.get(node.input[0]) == 5:
            yield Finding("error", node.name, "TensorRT takes no GridSample of volumes", "sample slice by slice")


def _fix(model: onnx.ModelProto) -> onnx.ModelProto:
    """In opset 18, where the modes have the names that TensorRT knows; unchanged where it needs a later opset."""
    mended = copy.deepcopy(model)
    for node in mended.graph.node:
        mode = _mode(node) if node.op_type == WARP else None
        if mode is not None and mode.s.decode() in _RENAMED:
            mode.s = _RENAMED[mode.s.decode()].encode()
    for entry in mended.opset_import:
        if entry.domain in ("", "ai.onnx"):
            entry.version = min(entry.version, _SAFE)
    try:
        onnx.checker.check_model(mended, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
        return model
    return mended


CHECK = Check(_find, _fix)
