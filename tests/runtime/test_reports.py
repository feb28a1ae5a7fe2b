"""`models` and `bench`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from bundles import make_bundle, upscaler_graph
from commands import pocketlens
from engines_here import usable
from fake_tensorrt import install
from interpolators import fading_graph, make_interpolator, moving_graph
from pocketlens.core import locate
from pocketlens.runtime import bench as timing
from pocketlens.runtime.machine import Machine


def reported(capsys: pytest.CaptureFixture[str], *arguments: object):
    assert pocketlens(*arguments, "--json", "-") == 0
    return json.loads(capsys.readouterr().out)


def test_bench_times_every_engine_and_precision_against_a_named_reference(tmp_path: Path, capsys):
    bundle = make_bundle(tmp_path / "b.plens", graphs={"fp32": upscaler_graph(), "int8": upscaler_graph()})
    result = reported(capsys, "bench", bundle, "--size", "24x32", "--rounds", 5, "--threads", 1, "--quiet")
    assert result["reference"] == "onnxruntime fp32"
    assert result["noise"] >= 0
    assert {(row["engine"], row["precision"]) for row in result["rows"]} == {
        (engine, precision) for engine in usable() for precision in ("fp32", "int8")
    }
    for row in result["rows"]:
        assert row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
        assert (row["size"], row["threads"]) == ("24x32", 1)
        assert row["fps"] == pytest.approx(1000 / row["p50_ms"])
        assert 0 < row["share_of_peak"] < 2
        assert 0 < row["share_of_bandwidth"] < 2
        assert 0 < row["floor_ms"] < row["p50_ms"] * 2
    assert result["rows"][0]["ratio"] == pytest.approx(1)


def test_bench_times_a_picture_between_two(tmp_path: Path, capsys):
    graphs = {
        ("fp32", "motion"): moving_graph(2),
        ("fp32", "float"): fading_graph(),
        ("int8", "motion"): moving_graph(2),
    }
    bundle = make_interpolator(tmp_path / "b.plens", graphs)
    result = reported(capsys, "bench", bundle, "--size", "24x32", "--rounds", 3, "--engines", "onnxruntime")
    assert [(row["engine"], row["precision"]) for row in result["rows"]] == [
        ("onnxruntime", "fp32"),
        ("onnxruntime", "int8"),
    ]
    for row in result["rows"]:
        assert row["fps"] == pytest.approx(1000 / row["p50_ms"])
        assert row["share_of_peak"] > 0


def test_bench_keeps_its_reference_when_one_engine_is_asked_for(tmp_path: Path, capsys):
    bundle = make_bundle(tmp_path / "b.plens")
    result = reported(capsys, "bench", bundle, "--size", "8x8", "--rounds", 2, "--engines", "openvino")
    assert [row["engine"] for row in result["rows"]] == ["onnxruntime", "openvino"]


def test_bench_tells_of_an_engine_that_does_not_run_this_size_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("POCKETLENS_CACHE", str(tmp_path))
    install(monkeypatch, modules=["tensorrt"])
    bundle = make_bundle(tmp_path / "b.plens", targets=("cpu", "tensorrt"))
    result = reported(capsys, "bench", bundle, "--size", "1x1921", "--rounds", 1)
    assert "tensorrt" not in [row["engine"] for row in result["rows"]]
    assert "tensorrt fp32: the TensorRT plan serves frames of 1x1 to 1920x1920" in result["left_out"][0]
    assert reported(capsys, "bench", bundle, "--size", "1x64", "--rounds", 1)["left_out"] == []
    assert pocketlens("bench", bundle, "--size", "1x1921", "--engines", "tensorrt") == 3


def test_bench_without_openvino_gives_no_share_of_what_the_machine_can(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    result = reported(capsys, "bench", make_bundle(tmp_path / "b.plens"), "--size", "8x8", "--rounds", 2)
    (row,) = result["rows"]
    assert [row[key] for key in ("share_of_peak", "share_of_bandwidth", "floor_ms")] == [None] * 3
    assert result["machine"] is None


@pytest.mark.parametrize(("seen", "disturbed"), [((1e15, 1.0), False), ((1.0, 1e15), False), ((1.0, 2.0), True)])
def test_bench_measures_the_machine_twice_and_says_when_its_peak_was_surpassed(
    tmp_path: Path, capsys, monkeypatch, seen: tuple[float, float], disturbed: bool
):
    machines = [Machine({"fp32": operations, "int8": operations}, operations) for operations in seen]
    monkeypatch.setattr(timing, "measure", lambda _threads: machines.pop(0))
    command = ("bench", make_bundle(tmp_path / "b.plens"), "--size", "8x8", "--rounds", 1, "--engines", "onnxruntime")
    result = reported(capsys, *command)
    assert result["machine"]["operations"]["fp32"] == max(seen) and machines == []
    assert ["disturbed the machine" in note for note in result["notes"]] == [True] * disturbed


@pytest.mark.parametrize("size", ["360", "0x5", "axb"])
def test_a_size_that_is_none_is_refused(tmp_path: Path, capsys, size: str):
    assert pocketlens("bench", make_bundle(tmp_path / "b.plens"), "--size", size) == 2
    assert "360x640" in capsys.readouterr().err


def test_models_tells_what_interpolates(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setattr(locate, "BUNDLES", tmp_path)
    make_interpolator(tmp_path / "between.plens")
    (listed,) = reported(capsys, "models")
    assert (listed["task"], listed["scale"]) == ("interpolate", 1)
    assert pocketlens("models") == 0
    assert capsys.readouterr().out == "between        interpolate, 1 parameters\n"


def test_models_lists_what_is_shipped(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setattr(locate, "BUNDLES", tmp_path)
    assert reported(capsys, "models") == []
    path = make_bundle(tmp_path / "toy-x2.plens")
    (listed,) = reported(capsys, "models")
    assert listed == {
        "name": "toy-x2",
        "task": "upscale",
        "scale": 2,
        "parameters": 1,
        "bytes": path.stat().st_size,
        "degradation": "bicubic",
        "scores": {"samples": {"psnr_y": 30.0}},
    }
