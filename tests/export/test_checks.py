"""What hurts a graph in the field is found, and mended where it can be, without another picture coming out."""

from __future__ import annotations

import copy

import numpy as np
import onnx
import pytest
from faulty import FAULTY, MENDED, bytes_cast, ending, quantized, warping
from graphs import run_all
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from pocketlens.core.catalog import CHECKS
from pocketlens.export.finding import Finding, Graph
from pocketlens.export.half import narrowed
from written import CLIP, CONV, ENDS, FLOAT, KERNEL, model, node


def found(graph: onnx.ModelProto) -> dict[str, list[Finding]]:
    """Check -> what it finds."""
    told = {name.replace("_", "-"): list(check.find(Graph(graph))) for name, check in CHECKS.items()}
    return {name: findings for name, findings in told.items() if findings}


def test_every_check_is_tried_here():
    assert {name for _, name, _ in FAULTY.values()} == {name.replace("_", "-") for name in CHECKS.names()}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_fault_is_found_and_no_other_that_is_worse_than_a_note(fault: str):
    make, name, severity = FAULTY[fault]
    told = found(make())
    assert {finding.severity for finding in told[name]} == {severity}
    assert all(finding.told and finding.mend and "\n" not in finding.told + finding.mend for finding in told[name])
    assert {key for key, findings in told.items() if any(f.severity != "note" for f in findings)} <= {name}


@pytest.mark.parametrize("fault", MENDED)
def test_what_can_be_mended_is_gone_and_the_picture_stays(fault: str):
    make, name, _ = FAULTY[fault]
    graph = make()
    before = copy.deepcopy(graph)
    mended = CHECKS.get(name).fix(graph)
    assert graph == before, "the graph that is given stays as it is"
    assert name not in found(mended)
    onnx.checker.check_model(mended, full_check=True)
    # Left of the width where fp16 loses its digits, and within the range that int8 keeps.
    picture = np.random.default_rng(2).uniform(0.1, 0.9, (1, 1, 16, 24)).astype(np.float32)
    wanted, made = (run_all(one, {"x": picture})["y"] for one in (graph, mended))
    if made.dtype == np.uint8:
        # Values below 0 and above 255 wrap; both graphs agree where they lie between.
        assert made.min() == 0 and np.mean(made == wanted) > 0.3
    else:
        np.testing.assert_allclose(np.clip(made, 0, 1), np.clip(wanted, 0, 1), atol=0.01)


@pytest.mark.parametrize("fault", FAULTY)
def test_a_finding_is_called_fixable_where_the_fix_removes_it(fault: str):
    make, name, _ = FAULTY[fault]
    check = CHECKS.get(name)
    assert {finding.fixable for finding in check.find(Graph(make()))} == {fault in MENDED}
    left = check.find(Graph(check.fix(make()))) if check.fix else ()
    assert not any(finding.fixable for finding in left)


def test_a_picture_that_is_kept_in_its_range_is_none_that_is_not():
    in_turn = [node("Max", "c lo", "m"), node("Min", "m hi", "y")]
    flow = helper.make_tensor_value_info("y", FLOAT, ["n", "h", "w", 2])
    clipped_bytes = bytes_cast()
    clipped_bytes.graph.node[2].op_type = "Clip"
    clipped_bytes.graph.node[2].input[:] = ["m", "black", "white"]
    clipped_bytes.graph.initializer.append(numpy_helper.from_array(np.array(0, np.float32), "black"))
    for graph in (
        ending(*in_turn, lo=0, hi=1),
        ending(node("Sigmoid", "c", "y")),
        ending(node("Clip", "c lo white", "y"), lo=0, white=255),
        ending(node("Identity", "c", "y"), made=flow),
        clipped_bytes,
    ):
        assert "output-range" not in found(graph)


def test_a_graph_that_needs_its_opset_is_left_as_it_is_and_not_said_to_be_mended():
    graph = warping(20, "linear")
    graph.graph.node[-1].output[0] = "clipped"
    graph.graph.node.append(node("Gelu", "clipped", "y"))
    check = CHECKS.get("grid_sample")
    assert check.fix(graph) == graph
    assert [finding.fixable for finding in check.find(Graph(graph))] == [False]


def test_a_graph_without_a_warp_keeps_its_opset():
    graph = model([CONV, CLIP], {**KERNEL, **ENDS}, opset=20)
    assert CHECKS.get("grid_sample").fix(graph) == graph


def test_a_bias_with_a_computed_scale_is_not_said_to_be_mended():
    graph = quantized(np.int8(0), bias=True)
    scale = next(tensor for tensor in graph.graph.initializer if tensor.name == "bs")
    scale.name = "written"
    graph.graph.node.insert(0, helper.make_node("Identity", ["written"], ["bs"], "scale"))
    assert [finding.fixable for finding in CHECKS.get("int32_bias").find(Graph(graph))] == [False]


def test_a_bias_is_of_the_kind_of_its_scale():
    graph = quantized(np.int8(0), bias=True)
    for tensor in graph.graph.initializer:
        if tensor.name == "bs":
            tensor.CopyFrom(numpy_helper.from_array(np.array([0.01], np.float16), "bs"))
    assert Graph(CHECKS.get("int32_bias").fix(graph)).kinds["bf"] == TensorProto.FLOAT16


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
@pytest.mark.parametrize("name", ["sesr", "ifnet_lite"])
def test_what_is_exported_for_tensorrt_has_no_fault(build, name: str, precision: str):
    told = found(build(name, precision, "frame", "tensorrt"))
    assert {finding.severity for findings in told.values() for finding in findings} <= {"note"}
    assert "sides" not in told, "the frame face takes any size"


def test_fp16_with_its_places_mended_is_that_of_fp32_far_to_the_right():
    """Numbers of columns beyond 2048 and halves of a pixel, whose parts fp16 holds, but not their sums."""
    columns = np.arange(2049)
    coarse, fine = (
        np.stack([part, np.zeros_like(part)], -1)[None, None] for part in (columns // 64 * 64, columns % 64)
    )
    nodes = [
        node("Conv", "x w2", "flow"),
        node("Transpose", "flow", "turned", perm=[0, 2, 3, 1]),
        node("Add", "turned coarse", "column"),
        node("Add", "column fine", "place"),
        node("Div", "place middle", "share"),
        node("Sub", "share one", "grid"),
        node("GridSample", "x grid", "c", mode="linear", padding_mode="border", align_corners=1),
        CLIP,
    ]
    tensors = {"w2": np.zeros((2, 1, 1, 1)), "coarse": coarse, "fine": fine + 0.5, "middle": 1024, "one": 1, **ENDS}
    graph = model(nodes, {name: np.asarray(value, np.float32) for name, value in tensors.items()}, opset=20)
    wide = np.random.default_rng(3).random((1, 1, 1, 2049), np.float32)
    halved = narrowed(graph, frozenset())
    # onnxruntime would compute in fp32 whatever the graph says.
    wanted, shaken, mended = (
        np.asarray([*ReferenceEvaluator(one).run(None, {"x": wide})])
        for one in (graph, halved, CHECKS.get("half_grid").fix(halved))
    )
    assert np.abs(mended - wanted).max() < 0.001 and np.abs(shaken - wanted).max() > 0.1
