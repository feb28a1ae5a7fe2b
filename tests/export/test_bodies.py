"""What hurts a graph is found in the bodies of its Ifs and Loops, too."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from commands import pocketlens
from faulty import FAULTY, ending, half_grid, quantized, warping
from onnx import TensorProto, helper, numpy_helper
from pocketlens.core.catalog import CHECKS
from pocketlens.export.finding import Finding, Graph, findings
from written import CLIP, ENDS, FLOAT, model, node

OF_THE_WHOLE = {"output-range", "profile", "sides"}
"""Checks that name an input or an output of the graph."""
BOOL, INT = TensorProto.BOOL, TensorProto.INT64


def found(graph: onnx.ModelProto) -> dict[str, list[Finding]]:
    """Check -> what it finds in all of a graph."""
    told = {name.replace("_", "-"): list(findings(check, Graph(graph))) for name, check in CHECKS.items()}
    return {name: findings for name, findings in told.items() if findings}


def alone(outer: onnx.NodeProto, inner: onnx.ModelProto, *more: onnx.ValueInfoProto) -> onnx.ModelProto:
    """A graph of one node, with the inputs and outputs of another graph, and more inputs."""
    graph = inner.graph
    made = helper.make_graph([outer], "g", [*graph.input, *more], graph.output)
    return helper.make_model(made, opset_imports=inner.opset_import, ir_version=inner.ir_version)


def value(name: str, kind: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, [])


def chosen(graph: onnx.ModelProto, other: onnx.ModelProto | None = None) -> onnx.ModelProto:
    """An If with a graph in its first branch, and another, or the same, in its second."""
    branches = [
        helper.make_graph(one.graph.node, "branch", [], one.graph.output, one.graph.initializer)
        for one in (graph, other or graph)
    ]
    made = [output.name for output in graph.graph.output]
    node = helper.make_node("If", ["which"], made, "outer", then_branch=branches[0], else_branch=branches[1])
    return alone(node, other or graph, value("which", BOOL))


def repeated(graph: onnx.ModelProto) -> onnx.ModelProto:
    """A Loop that makes its picture again and again."""
    inner = graph.graph
    carried = [one for one in inner.input if one.name == "x"]
    nodes = [*inner.node, helper.make_node("Identity", ["go on"], ["goes on"], "condition")]
    given = [value("turn", INT), value("go on", BOOL), *carried]
    body = helper.make_graph(nodes, "body", given, [value("goes on", BOOL), *inner.output], inner.initializer)
    return alone(helper.make_node("Loop", ["turns", "", "x"], ["y"], "outer", body=body), graph, value("turns", INT))


def nested(graph: onnx.ModelProto) -> onnx.ModelProto:
    """The second branch of an If within an If."""
    return chosen(chosen(ending(CLIP, lo=0, hi=1), graph))


@pytest.mark.parametrize("wrap", [chosen, repeated, nested])
@pytest.mark.parametrize("fault", FAULTY)
def test_a_fault_in_a_body_is_found_and_named_by_the_outermost_node(
    fault: str, wrap: Callable[[onnx.ModelProto], onnx.ModelProto]
):
    make, name, severity = FAULTY[fault]
    told = found(wrap(make()))
    assert {one.severity for one in told[name]} == {severity}
    if name not in OF_THE_WHOLE:
        assert {one.node for one in told[name]} == {"outer"}
        assert all(one.told.startswith("in a body, ") and not one.fixable for one in told[name])
    assert {key for key, those in told.items() if any(one.severity != "note" for one in those)} <= {name}


def test_a_fault_is_looked_for_in_both_branches():
    clean, faulty = ending(CLIP, lo=0, hi=1), FAULTY["PReLU"][0]()
    assert "prelu" not in found(chosen(clean))
    for graph in (chosen(clean, faulty), chosen(faulty, clean)):
        assert [one.node for one in found(graph)["prelu"]] == ["outer"]


def test_a_picture_is_kept_in_its_range_where_both_branches_keep_it():
    clipped, loose = ending(CLIP, lo=0, hi=1), ending(node("Identity", "c", "y"))
    assert "output-range" not in found(chosen(clipped))
    for graph in (chosen(clipped, loose), chosen(loose, clipped)):
        assert [one.fixable for one in found(graph)["output-range"]] == [True]


def test_a_body_reads_what_lies_outside_of_it():
    """Weights that only the outer graph holds, for a convolution in a branch."""
    graph = model([node("Conv", "x v", "c"), CLIP], {**ENDS}, (1, 12))
    outer = chosen(graph)
    outer.graph.initializer.append(numpy_helper.from_array(np.ones((12, 1, 1, 1), np.float32), "v"))
    assert [one.node for one in found(outer)["channels"]] == ["outer"] * 2, "one for each branch"


def test_what_is_scanned_frame_by_frame_is_no_volume():
    inner = warping(18, "bilinear").graph
    frames = [helper.make_tensor_value_info(name, FLOAT, ["t", "n", 1, "h", "w"]) for name in ("xs", "ys")]
    body = helper.make_graph(inner.node, "body", inner.input, inner.output, inner.initializer)
    scan = helper.make_node("Scan", ["xs"], ["ys"], "outer", body=body, num_scan_inputs=1)
    graph = helper.make_graph([scan], "g", frames[:1], frames[1:])
    assert "grid-sample" not in found(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]))


def test_places_that_a_branch_counts_for_a_warp_outside_are_found():
    graph = half_grid()
    names = [one.op_type for one in graph.graph.node]
    first, last = names.index("Conv"), names.index("GridSample")
    kind = helper.make_tensor_value_info("grid/half", TensorProto.FLOAT16, ["n", "h", "w", 2])
    branch = helper.make_graph(graph.graph.node[first:last], "branch", [], [kind])
    choice = helper.make_node("If", ["which"], ["grid/half"], "outer", then_branch=branch, else_branch=branch)
    del graph.graph.node[first:last]
    graph.graph.node.insert(first, choice)
    graph.graph.input.append(value("which", BOOL))
    told = {one.node: one.told for one in found(graph)["half-grid"]}
    assert told["outer"].startswith("in a body, ") and len(told) == 2, "the branches, and the warp"


def test_a_graph_is_not_lowered_under_a_body_that_warps_too():
    outer = warping(20, "linear")
    outer.graph.node[-1].output[0] = "clipped"
    inner = chosen(warping(20, "linear")).graph.node[0]
    outer.graph.node.append(inner)
    outer.graph.input.append(value("which", BOOL))
    check = CHECKS.get("grid_sample")
    assert check.fix(outer) == outer
    assert [one.fixable for one in findings(check, Graph(outer))] == [False] * 3


def test_fix_leaves_bodies_as_they_are_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    graph, mended = tmp_path / "a.onnx", tmp_path / "b.onnx"
    onnx.save(chosen(quantized(np.int8(0), bias=True)), graph)
    assert pocketlens("doctor", graph, "--fix", "-o", mended, "--json", "-") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["mended"] == []
    left = [one for one in told["findings"] if one["id"] == "int32-bias"]
    assert [one["node"] for one in left] == ["outer"] * 2
    assert all(one["mend"].endswith("--fix leaves bodies as they are") for one in left)
    assert onnx.load(mended).graph.node[0] == onnx.load(graph).graph.node[0]


def test_tensorrt_is_not_asked_for_what_it_refuses_in_a_body(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    onnx.save(chosen(quantized(np.int8(0), bias=True)), tmp_path / "a.onnx")
    assert pocketlens("export", "trt", tmp_path / "a.onnx", "-o", tmp_path / "a.plan") == 2
    assert "outer: in a body, TensorRT refuses an int32 bias" in capsys.readouterr().err
