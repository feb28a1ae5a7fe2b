"""What keeps its digits is found by where values come from, whatever nodes are called."""

from __future__ import annotations

import onnx
import pytest
from onnx import TensorProto, helper
from pocketlens.export.dataflow import delicate, warps
from pocketlens.export.graph import pruned


def graph(names: str = "plain") -> onnx.ModelProto:
    """trunk -> head -> flow + base -> scaled -> grid of a warp of features; the warp goes through `last` to `out`."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["features"], name="trunk"),
        helper.make_node("Shape", ["features"], ["size"], name="size"),
        helper.make_node("Conv", ["features", "w"], ["flow"], name="head"),
        helper.make_node("Relu", ["features"], ["bent"], name="bend"),
        helper.make_node("Expand", ["flow", "size"], ["wide"], name="widen"),
        helper.make_node("Mul", ["wide", "s"], ["grid"], name="scale"),
        helper.make_node("GridSample", ["bent", "grid"], ["warped"], name="warp"),
        helper.make_node("Conv", ["warped", "w"], ["residual"], name="last"),
        helper.make_node("Add", ["residual", "x"], ["sum"], name="sum"),
        helper.make_node("Clip", ["sum"], ["out"], name="clip"),
        helper.make_node("Relu", ["flow"], ["aside"], name="aside"),
    ]
    if names == "mangled":
        for index, node in enumerate(nodes):
            node.name = f"n{index}"
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "w", "s", "out", "aside")]
    return helper.make_model(helper.make_graph(nodes, "g", values[:3], values[3:]))


def test_places_and_pictures_are_delicate_and_features_are_not():
    found = delicate(graph().graph)
    assert found.nodes == ("size", "widen", "scale", "warp", "sum", "clip", "aside")
    assert found.heads == ("head", "last")


def test_names_play_no_part():
    found, plain = delicate(graph("mangled").graph), delicate(graph().graph)
    order = [node.name for node in graph().graph.node]
    assert [order[int(name[1:])] for name in found.nodes] == list(plain.nodes)


def test_a_size_that_is_asked_for_is_no_way_back_to_a_convolution():
    """Else the trunk, whose result only says how large the grid must be, would count as a head."""
    assert "trunk" not in delicate(graph().graph).heads


def test_pruning_keeps_what_an_output_needs_and_every_input():
    made = pruned(graph(), ["aside"])
    assert [node.name for node in made.graph.node] == ["trunk", "head", "aside"]
    assert [value.name for value in made.graph.input] == ["x", "w", "s"]
    assert [value.name for value in made.graph.output] == ["aside"]
    assert len(graph().graph.node) == 11


@pytest.mark.parametrize(("name", "warped"), [("ifnet_lite", True), ("sesr", False)])
def test_only_motion_warps(build, name: str, warped: bool):
    assert warps(build(name, "fp32").graph) is warped


def test_in_the_student_the_heads_are_what_flows_come_out_of(build):
    graph = build("ifnet_lite", "fp32").graph
    found = delicate(graph)
    heads = [node for node in graph.node if node.name in found.heads]
    weights = {tensor.name: tensor.dims for tensor in graph.initializer}
    assert [weights[head.input[1]][0] for head in heads] == [20, 20, 20], "a flow to each frame and a mask, four places"
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert len(convolutions) - len(heads) == 8 + 8, "of both frames; two of the first block, three of others"
