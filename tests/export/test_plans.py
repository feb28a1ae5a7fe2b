"""TensorRT plans, really built: TensorRT for RTX needs no GPU for that."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import onnx
import pytest
from commands import pocketlens
from onnx import TensorProto, helper, numpy_helper
from pocketlens.core.errors import BadInput
from pocketlens.core.tensorrt_plan import Flavour, build_plan, pick_flavour
from pocketlens.export.fit import fitted, input_shapes, read_graph

pytest.importorskip("tensorrt_rtx")
SMALL_SIZES = ("--min", "16x16", "--opt", "32x48", "--max", "64x64")
SIZES = [(16, 16), (32, 48), (64, 64)]


@pytest.mark.parametrize("name", ["sesr", "fsrcnn"])
@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
@pytest.mark.parametrize("face", ["float", "frame"])
def test_a_plan_is_built_of_every_precision_and_face(build, name: str, precision: str, face: str):
    graph = build(name, precision, face, "tensorrt")
    plan = build_plan(graph.SerializeToString(), input_shapes(graph, SIZES), pick_flavour("rtx"), ["86", "89"])
    assert len(plan) > 10_000


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
@pytest.mark.parametrize("face", ["float", "frame", "split", "motion"])
def test_a_plan_is_built_of_every_graph_of_pairs(build, precision: str, face: str):
    graph = build("ifnet_lite", precision, face, "tensorrt")
    sizes = fitted(graph, [(60, 64), (64, 96), (100, 120)])
    shapes = input_shapes(graph, sizes)
    assert shapes["t"] == [(1,)] * 3
    largest = (1, 100, 120, 3) if face == "frame" else (1, 3, 112, 128)
    assert shapes["before"][2] == shapes["after"][2] == largest
    plan = build_plan(graph.SerializeToString(), shapes, pick_flavour("rtx"), ["86", "89"])
    assert len(plan) > 10_000


def test_the_default_sizes_serve_a_network_that_takes_multiples_of_16(build, tmp_path: Path):
    onnx.save(build("ifnet_lite", "fp16", "split"), tmp_path / "a.onnx")
    assert pocketlens("export", "trt", tmp_path / "a.onnx", "-o", tmp_path / "a.plan", "--sm", "86", "--quiet") == 0
    profile = json.loads((tmp_path / "a.plan.json").read_text())["profile"]
    assert profile == {"min": "64x64", "opt": "368x640", "max": "1088x1920"}


def test_sizes_are_rounded_up_to_the_multiples_that_a_network_takes(build):
    graph = build("esrgan", "fp32")
    assert build_plan(graph.SerializeToString(), input_shapes(graph, SIZES), pick_flavour("rtx"), ["86"])
    assert fitted(graph, [(16, 16), (33, 32), (63, 65)]) == [(16, 16), (34, 32), (64, 66)]
    frames = build("esrgan", "fp32", "frame")
    odd = input_shapes(frames, fitted(frames, [(1, 1), (33, 31), (65, 65)]))
    assert odd == {"frame": [(1, 1, 1, 3), (1, 33, 31, 3), (1, 65, 65, 3)]}
    assert build_plan(frames.SerializeToString(), odd, pick_flavour("rtx"), ["86"])


@pytest.mark.parametrize(("version", "asked"), [("10.3.0", True), ("10.14.1", True), ("11.4.0", False)])
def test_only_tensorrt_10_must_be_asked_for_strong_types(version: str, asked: bool):
    flags = SimpleNamespace(STRONGLY_TYPED=1)
    module = SimpleNamespace(__version__=version, NetworkDefinitionCreationFlag=flags)
    assert Flavour("tensorrt", module).network_flags == (2 if asked else 0)  # type: ignore[arg-type]
    assert Flavour("rtx", ModuleType("tensorrt_rtx")).network_flags == 0


@pytest.fixture
def graph(build, tmp_path: Path) -> Path:
    (tmp_path / "sesr.onnx").write_bytes(build("sesr", "fp16").SerializeToString())
    return tmp_path / "sesr.onnx"


def test_the_command_writes_the_plan_and_its_facts(graph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "sesr.plan"
    command = ("export", "trt", graph, "-o", out, "--sm", "86, 89,86", *SMALL_SIZES, "--json", "-")
    assert pocketlens(*command) == 0
    told, kept = json.loads(capsys.readouterr().out), json.loads((tmp_path / "sesr.plan.json").read_text())
    assert told == {"file": str(out), **kept}
    assert kept["flavour"] == "rtx" and kept["version"]
    assert kept["compute_capabilities"] == ["86", "89"]
    assert kept["profile"] == {"min": "16x16", "opt": "32x48", "max": "64x64"}
    assert kept["bytes"] == out.stat().st_size and kept["source"] == "sesr.onnx" and len(kept["source_sha256"]) == 64
    assert str(tmp_path) not in (tmp_path / "sesr.plan.json").read_text()
    assert pocketlens(*command) == 2
    assert pocketlens(*command, "--force") == 0


def test_a_plan_for_more_gpus_is_built_for_each(graph: Path, tmp_path: Path):
    for name, sm in (("one", "86"), ("five", "75,80,86,89,120")):
        assert pocketlens("export", "trt", graph, "-o", tmp_path / name, "--sm", sm, *SMALL_SIZES, "--quiet") == 0
    assert (tmp_path / "five").stat().st_size > (tmp_path / "one").stat().st_size


def quantizer(zero: onnx.TensorProto | None, constant: bool = False) -> onnx.ModelProto:
    """A graph that does nothing but put a picture on an 8-bit grid."""
    picture, bytes_ = (
        helper.make_tensor_value_info(name, kind, ["n", 1, "h", "w"])
        for name, kind in (("x", TensorProto.FLOAT), ("q", zero.data_type if zero else TensorProto.UINT8))
    )
    held = [numpy_helper.from_array(np.array(0.1, np.float32), "scale"), *([zero] if zero and not constant else [])]
    nodes = [helper.make_node("Constant", [], ["zero"], value=zero)] if constant else []
    nodes.append(helper.make_node("QuantizeLinear", ["x", "scale", *(["zero"] if zero else [])], ["q"]))
    graph = helper.make_graph(nodes, "g", [picture], [bytes_], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


@pytest.mark.parametrize("constant", [False, True])
def test_only_int8_around_zero_is_read_rightly(tmp_path: Path, constant: bool):
    def accepts(zero: np.ndarray | None) -> bool:
        tensor = None if zero is None else numpy_helper.from_array(zero, "zero")
        onnx.save(quantizer(tensor, constant and zero is not None), tmp_path / "q.onnx")
        try:
            return bool(read_graph(tmp_path / "q.onnx"))
        except BadInput as error:
            assert "int8 made for a CPU" in str(error)
            return False

    assert accepts(np.array(0, np.int8))
    assert not accepts(np.array(3, np.int8))
    assert not accepts(np.array(0, np.uint8))
    assert not accepts(None)


def test_an_operator_that_tensorrt_does_not_know_gets_one_line(tmp_path: Path):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, "h", "w"]) for name in ("x", "y")]
    graph = helper.make_graph(
        [helper.make_node("Mish2", ["x"], ["y"], domain="elsewhere")], "g", values[:1], values[1:]
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("elsewhere", 1)]
    model = helper.make_model(graph, opset_imports=opsets)
    with pytest.raises(BadInput, match="TensorRT cannot read this graph: ") as refused:
        build_plan(model.SerializeToString(), input_shapes(model, SIZES), pick_flavour("rtx"), ["86"])
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 400
