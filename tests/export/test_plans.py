"""TensorRT plans, really built: TensorRT for RTX needs no GPU for that."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from commands import pocketlens
from onnx import TensorProto, helper
from pocketlens.core.bundle import read
from pocketlens.core.catalog import STUDENTS
from pocketlens.core.errors import BadInput
from pocketlens.core.locate import shipped_bundles
from pocketlens.core.tensorrt_plan import Settings, build_plan, pick_flavour
from pocketlens.core.tensorrt_watch import STEPS
from pocketlens.export.fit import fitted, input_shapes, read_graph
from pocketlens.export.options import FACES, PRECISIONS

pytest.importorskip("tensorrt_rtx")
SIZES = [(16, 16), (32, 48), (64, 64)]
ONE = Settings(["86"])


def built(graph: onnx.ModelProto, sizes: list[tuple[int, int]] = SIZES, settings: Settings = ONE) -> bytes:
    """A plan of a graph by TensorRT for RTX."""
    shapes = input_shapes(graph, fitted(graph, sizes))
    return build_plan(graph.SerializeToString(), shapes, pick_flavour("rtx"), settings)


def faces(name: str) -> list[str]:
    """The faces that a student has."""
    model = STUDENTS.get(name)
    return [face for face in FACES if model.spec(model.options()).split or face in ("float", "frame")]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("name", "face"), [(name, face) for name in STUDENTS.names() for face in faces(name)])
def test_a_plan_is_built_of_every_student_precision_and_face(
    build, name: str, precision: str, face: str, tmp_path: Path
):
    onnx.save(build(name, precision, face, "tensorrt"), tmp_path / "a.onnx")
    assert len(built(read_graph(tmp_path / "a.onnx"))) > 10_000


@pytest.mark.long
@pytest.mark.parametrize("name", shipped_bundles())
def test_a_plan_is_built_of_every_graph_of_a_shipped_model_that_is_for_tensorrt(name: str, tmp_path: Path):
    bundle = read(shipped_bundles()[name])
    graphs = [one for one in bundle.manifest.graphs if one.precision != "int8" or one.target == "tensorrt"]
    assert {one.precision for one in graphs} == set(PRECISIONS)
    for one in graphs:
        (tmp_path / "a.onnx").write_bytes(bundle.graph(one.precision, one.face, one.target))
        assert built(read_graph(tmp_path / "a.onnx")), one.file


@pytest.mark.parametrize("face", FACES)
def test_pairs_are_taken_at_the_sizes_that_their_network_asks_for(build, face: str):
    graph = build("ifnet_lite", "fp16", face, "tensorrt")
    shapes = input_shapes(graph, fitted(graph, [(60, 64), (64, 96), (100, 120)]))
    assert shapes["t"] == [(1,)] * 3
    largest = (1, 100, 120, 3) if face == "frame" else (1, 3, 112, 128)
    assert shapes["before"][2] == shapes["after"][2] == largest


def test_the_default_sizes_serve_a_network_that_takes_multiples_of_16(build, tmp_path: Path):
    onnx.save(build("ifnet_lite", "fp16", "split"), tmp_path / "a.onnx")
    assert pocketlens("export", "trt", tmp_path / "a.onnx", "-o", tmp_path / "a.plan", "--sm", "86", "--quiet") == 0
    profile = json.loads((tmp_path / "a.plan.json").read_text())["profile"]
    assert profile == {"min": "64x64", "opt": "368x640", "max": "1088x1920"}


def test_sizes_are_rounded_up_to_the_multiples_that_a_network_takes(build):
    graph = build("esrgan", "fp32")
    assert built(graph)
    assert fitted(graph, [(16, 16), (33, 32), (63, 65)]) == [(16, 16), (34, 32), (64, 66)]
    frames = build("esrgan", "fp32", "frame")
    odd = [(1, 1), (33, 31), (65, 65)]
    assert input_shapes(frames, fitted(frames, odd)) == {"frame": [(1, 1, 1, 3), (1, 33, 31, 3), (1, 65, 65, 3)]}
    assert built(frames, odd)


def test_one_plan_is_built_for_several_gpus(build):
    assert len(built(build("sesr", "fp16"), settings=Settings(["75", "80", "86", "89", "120"]))) > 10_000


def test_a_build_tells_how_far_it_is(build):
    graph = build("sesr", "fp16")
    moved: list[int] = []
    shapes, flavour = input_shapes(graph, SIZES), pick_flavour("rtx")
    build_plan(graph.SerializeToString(), shapes, flavour, ONE, lambda steps=1, note="": moved.append(steps))
    assert len(moved) > 3 and min(moved) > 0 and sum(moved) == STEPS


def test_a_layer_that_needs_more_than_the_workspace_gets_one_line(build):
    with pytest.raises(BadInput, match=r"workspace limit.*; a larger --workspace or a smaller --max may do") as refused:
        built(build("fsrcnn", "fp32"), [(64, 64), (360, 640), (2160, 3840)], Settings(["86"], workspace_mib=1))
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 500


def test_an_operator_that_tensorrt_does_not_know_gets_one_line():
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, "h", "w"]) for name in ("x", "y")]
    graph = helper.make_graph(
        [helper.make_node("Mish2", ["x"], ["y"], domain="elsewhere")], "g", values[:1], values[1:]
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("elsewhere", 1)]
    with pytest.raises(BadInput, match="TensorRT cannot read this graph at Mish2: ") as refused:
        built(helper.make_model(graph, opset_imports=opsets))
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 400
