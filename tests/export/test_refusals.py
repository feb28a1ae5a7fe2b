"""Bad input gets one clear line, the right exit code, and no half-written file."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
import torch
from bundles import make_bundle
from commands import pocketlens
from onnx import TensorProto, helper
from pocketlens.core import locate
from runs import write_photos, write_teacher

Refused = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run `pocketlens export ...`, which must fail, and give its one line; nothing may be left behind."""

    def run(*arguments: object, code: int = 2) -> str:
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        assert pocketlens("export", *arguments) == code
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1, captured.err
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
        return captured.err

    return run


@pytest.fixture
def graph(build, tmp_path: Path) -> Path:
    (tmp_path / "sesr.onnx").write_bytes(build("sesr", "fp32").SerializeToString())
    return tmp_path / "sesr.onnx"


def fill_disk(monkeypatch: pytest.MonkeyPatch, *writers: str) -> None:
    """Let these functions fail as they do when there is no room."""

    def full(*_arguments: object, **_options: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    for writer in writers:
        monkeypatch.setattr(writer, full)


def test_options_that_do_not_exist(refused: Refused, run_folder: Path, tmp_path: Path):
    out = tmp_path / "a.onnx"
    assert "--precision takes fp32, fp16, int8, not 'fp8'" in refused(
        "onnx", run_folder, "-o", out, "--precision", "fp8"
    )
    assert "--face takes float, frame, split, motion, not 'yuv'" in refused(
        "onnx", run_folder, "-o", out, "--face", "yuv"
    )
    assert "the split face is for interpolation networks" in refused("onnx", run_folder, "-o", out, "--face", "split")
    assert "--for takes cpu, tensorrt, not 'gpu'" in refused("onnx", run_folder, "-o", out, "--for", "gpu")
    bundle = ("bundle", run_folder, "-o", tmp_path / "a.plens", "--precisions")
    assert "not 'bf16'" in refused(*bundle, "fp32,bf16")
    assert "not ''" in refused(*bundle, "")
    assert "--flavour takes" in refused("trt", "a.onnx", "-o", tmp_path / "a.plan", "--flavour", "trt")


@pytest.mark.parametrize("name", [" .plens", ".plens", "model.zip", "model"])
def test_names_that_a_bundle_cannot_have(refused: Refused, run_folder: Path, tmp_path: Path, name: str):
    assert "name the output NAME.plens" in refused("bundle", run_folder, "-o", tmp_path / name)


def test_outputs_that_exist(refused: Refused, run_folder: Path, graph: Path, tmp_path: Path):
    for name in ("a.plens", "a.plan", "b.plan.json"):
        (tmp_path / name).write_bytes(b"precious")
    assert "--force" in refused("onnx", run_folder, "-o", graph)
    assert "--force" in refused("bundle", run_folder, "-o", tmp_path / "a.plens")
    assert "a.plan exists" in refused("trt", graph, "-o", tmp_path / "a.plan")
    assert "b.plan.json exists" in refused("trt", graph, "-o", tmp_path / "b.plan")
    (tmp_path / "folder").mkdir()
    assert "is a folder" in refused("trt", graph, "-o", tmp_path / "folder", "--force")
    (tmp_path / "folder.plens").mkdir()
    assert "is a folder" in refused("bundle", run_folder, "-o", tmp_path / "folder.plens", "--force")


def test_models_that_cannot_be_exported(refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    out = ("-o", tmp_path / "a.onnx")
    (tmp_path / "b.plens").write_bytes(b"x")
    assert "not a readable bundle" in refused("onnx", tmp_path / "b.plens", *out)
    monkeypatch.setattr(locate, "BUNDLES", tmp_path)
    assert "is a bundle, which holds finished graphs; give the run folder" in refused(
        "bundle", "b", "-o", tmp_path / "c.plens"
    )
    assert "no model 'c'" in refused("onnx", "c", *out)
    (tmp_path / "junk.pth").write_bytes(b"junk")
    assert "junk.pth" in refused("onnx", tmp_path / "junk.pth", *out)
    assert "no weights" in refused("onnx", tmp_path, *out)


class Evil:
    """A pickle of this would run code on loading."""

    def __reduce__(self):
        return print, ("ran",)


def test_a_pickle_that_wants_to_run_code(refused: Refused, tmp_path: Path):
    torch.save({"params": Evil()}, tmp_path / "evil.pth")
    assert "asks to run code" in refused("bundle", tmp_path / "evil.pth", "-o", tmp_path / "a.plens")


def test_calibration_that_is_not_there(refused: Refused, run_folder: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    command = ("onnx", run_folder, "-o", tmp_path / "a.onnx", "--precision", "int8", "--calib")
    assert "no pictures" in refused(*command, tmp_path / "empty")
    assert "nowhere" in refused(*command, tmp_path / "nowhere")
    write_teacher(tmp_path / "folded")
    write_photos(tmp_path / "slim", count=1, height=1, width=9)
    command = ("onnx", tmp_path / "folded", "-o", tmp_path / "a.onnx", "--precision", "int8", "--calib")
    assert "too small" in refused(*command, tmp_path / "slim")


def test_a_split_face_of_what_is_more_than_a_blend(refused: Refused, tmp_path: Path):
    sizes = dict.fromkeys(["coarsest", "coarse", "middle", "fine", "depth", "context"], 2)
    write_teacher(tmp_path / "run", "rife", refine=True, **sizes)
    line = refused("onnx", tmp_path / "run", "-o", tmp_path / "a.onnx", "--face", "split")
    assert "rife draws its picture by more than a blend" in line and "use --face float or frame" in line


def test_calibration_that_does_not_suit_pairs(refused: Refused, pair_run_folder: Path, tmp_path: Path):
    command = ("onnx", pair_run_folder, "-o", tmp_path / "a.onnx", "--precision", "int8", "--calib")
    (tmp_path / "empty").mkdir()
    assert "no triplets in" in refused(*command, tmp_path / "empty")
    assert "nowhere" in refused(*command, tmp_path / "nowhere")
    write_photos(tmp_path / "slim", count=1, height=9, width=40)
    assert "sides must be 16 or more" in refused(*command, tmp_path / "slim")


def test_pictures_to_score_on(refused: Refused, run_folder: Path, tmp_path: Path):
    command = ("bundle", run_folder, "-o", tmp_path / "a.plens", "--precisions", "fp32")
    (tmp_path / "empty").mkdir()
    assert "no pictures" in refused(*command, "--data", tmp_path / "empty")
    one, two = write_photos(tmp_path / "x" / "set", 1), write_photos(tmp_path / "y" / "set", 1)
    assert "'set' is taken" in refused(*command, "--data", one, "--data", two)
    assert "'samples' is taken" in refused(*command, "--data", write_photos(tmp_path / "samples", 1))


def test_metrics_that_are_cut_short(refused: Refused, tmp_path: Path):
    run = write_teacher(tmp_path / "run", "sesr", channels=4, blocks=1, width=4)
    (run / "metrics.json").write_text('{"recipe": {"na')
    assert "not that of a finished run" in refused("bundle", run, "-o", tmp_path / "a.plens", "--precisions", "fp32")


def test_graphs_that_tensorrt_cannot_take(refused: Refused, build, graph: Path, tmp_path: Path):
    out = ("-o", tmp_path / "a.plan")
    assert "pocketlens export onnx MODEL" in refused("trt", tmp_path / "none.onnx", *out)
    (tmp_path / "cut.onnx").write_bytes(graph.read_bytes()[:-99])
    (tmp_path / "empty.onnx").write_bytes(b"")
    for name in ("cut.onnx", "empty.onnx"):
        assert "not a sound ONNX graph" in refused("trt", tmp_path / name, *out)
    onnx.save(build("sesr", "int8", "float", "cpu"), tmp_path / "cpu.onnx")
    assert "--precision int8 --for tensorrt" in refused("trt", tmp_path / "cpu.onnx", *out)
    strange = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("a", "b")]
    node = helper.make_node("Relu", ["a"], ["b"])
    onnx.save(helper.make_model(helper.make_graph([node], "g", strange[:1], strange[1:])), tmp_path / "line.onnx")
    assert "'a' is no picture" in refused("trt", tmp_path / "line.onnx", *out)


def test_sizes_and_gpus_that_cannot_be(refused: Refused, graph: Path, tmp_path: Path):
    pytest.importorskip("tensorrt_rtx")
    command = ("trt", graph, "-o", tmp_path / "a.plan")
    for size in ("360", "0x64", "64x", "-1x3", "a4"):
        assert "is not a size" in refused(*command, "--min", size)
    assert "must not fall" in refused(*command, "--opt", "32x2000")
    assert "builds for 75, 80, 86, 89, 120" in refused(*command, "--sm", "86,90")
    assert "sm ''" in refused(*command, "--sm", "")


def test_packages_that_are_missing(refused: Refused, run_folder: Path, graph: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    trt = ("trt", graph, "-o", tmp_path / "a.plan")
    assert "pip install 'pocketlens[trt]'" in refused(*trt, "--flavour", "tensorrt", code=3)
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    line = refused(*trt, code=3)
    assert "pip install 'pocketlens[trt]'" in line and "pip install 'pocketlens[trt-rtx]'" in line
    monkeypatch.setitem(sys.modules, "nncf", None)
    photos = write_photos(tmp_path / "photos", 1)
    int8 = ("onnx", run_folder, "-o", tmp_path / "a.onnx", "--precision", "int8", "--calib", photos)
    assert "pip install 'pocketlens[quant]'" in refused(*int8, code=3)
    monkeypatch.setitem(sys.modules, "torch", None)
    for command in (
        ("onnx", run_folder, "-o", tmp_path / "a.onnx"),
        ("bundle", run_folder, "-o", tmp_path / "a.plens"),
    ):
        assert "pip install 'pocketlens[train]'" in refused(*command, code=3)
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert "pip install 'pocketlens[train]'" in refused(*trt, code=3)


def test_a_full_disk(refused: Refused, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fill_disk(monkeypatch, "pathlib.Path.write_bytes", "zipfile.ZipFile.writestr")
    assert "No space left" in refused("onnx", run_folder, "-o", tmp_path / "a.onnx")
    bundle = ("bundle", run_folder, "-o", tmp_path / "a.plens", "--precisions", "fp32", "--seconds", 0)
    assert "No space left" in refused(*bundle)


def test_a_disk_that_fills_up_between_a_plan_and_its_facts(refused: Refused, graph: Path, tmp_path: Path, monkeypatch):
    pytest.importorskip("tensorrt_rtx")
    fill_disk(monkeypatch, "pathlib.Path.write_text")
    assert "No space left" in refused("trt", graph, "-o", tmp_path / "a.plan", "--sm", "86", "--max", "360x640")


def test_ctrl_c_leaves_nothing(refused: Refused, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pocketlens.export.build.Graphs.build", interrupt)
    for out in ("onnx -o a.onnx", "bundle -o a.plens --precisions fp32"):
        target, flag, name, *options = out.split()
        assert "interrupted" in refused(target, run_folder, flag, tmp_path / name, *options, code=130)


def test_what_a_bundle_does_not_hold(refused: Refused, tmp_path: Path):
    sealed = make_bundle(tmp_path / "b.plens")
    for options, line in {
        ("--precision", "int8"): "holds no int8/float/cpu graph; it holds: fp32/float/cpu",
        ("--calib", tmp_path): "calibrated already",
        ("--scale", 3): "upscales x2, not x3",
    }.items():
        assert line in refused("onnx", sealed, "-o", tmp_path / "a.onnx", *options)
