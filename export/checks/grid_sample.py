"""GridSample in a form that TensorRT reads wrongly or not at all."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import onnx
from onnx import NodeProto

from ..dataflow import WARP
from ..finding import Check, Finding, Graph
from ..graph import walked
from ..unfold import bodies

_RENAMED = {"linear": "bilinear", "cubic": "bicubic"}
"""Modes as opset 20 calls them -> as opset 16 did."""
_RENAMED_IN, _SAFE = 20, 18


def _mode(node: NodeProto) -> onnx.AttributeProto | None:
    return next((attribute for attribute in node.attribute if attribute.name == "mode"), None)


def _renamed(graph: Graph) -> Iterator[NodeProto]:
    for node in graph.nodes:
        mode = _mode(node) if node.op_type == WARP else None
        if node.op_type == WARP and graph.opset >= _RENAMED_IN and (mode is None or mode.s.decode() in _RENAMED):
            yield node


def _find(graph: Graph) -> Iterator[Finding]:
    renamed = list(_renamed(graph))
    fixable = bool(renamed) and _lowered(graph) is not None
    for node in renamed:
        told = f"TensorRT 10, 11 and RTX silently take GridSample of opset {graph.opset} for nearest neighbour"
        yield Finding("error", node.name, told, f"write the graph with opset 16 to {_SAFE}", fixable)
    for node in graph.nodes:
        if _of_volumes(node, graph):
            yield Finding("error", node.name, "TensorRT takes no GridSample of volumes", "sample slice by slice")


def _of_volumes(node: NodeProto, graph: Graph) -> bool:
    return node.op_type == WARP and graph.ranks.get(node.input[0]) == 5


def _lowered(graph: Graph) -> onnx.ModelProto | None:
    """In opset 18, where the modes have the names that TensorRT knows; None for what needs a later one, and where
    bodies, which have the same opset, warp too.
    """
    if any(_of_volumes(node, graph) for node in graph.nodes) or _warps_within(graph):
        return None
    lowered = copy.deepcopy(graph.model)
    for node in lowered.graph.node:
        mode = _mode(node) if node.op_type == WARP else None
        if mode is not None and mode.s.decode() in _RENAMED:
            mode.s = _RENAMED[mode.s.decode()].encode()
    for entry in lowered.opset_import:
        if entry.domain in ("", "ai.onnx"):
            entry.version = min(entry.version, _SAFE)
    try:
        onnx.checker.check_model(lowered, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
        return None
    return lowered


def _warps_within(graph: Graph) -> bool:
    inner = (one for node in graph.nodes for body in bodies(node) for one in walked(body))
    return any(one.op_type == WARP for one in inner)


def _fix(model: onnx.ModelProto) -> onnx.ModelProto:
    graph = Graph(model)
    return (_lowered(graph) if any(_renamed(graph)) else None) or model


CHECK = Check(_find, _fix)
