"""`pocketlens doctor`: this machine, and a graph."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from bundles import nearest_graph
from commands import pocketlens
from engines_here import usable
from pocketlens.core.catalog import ENGINES
from pocketlens.export.finding import Check
from pocketlens.runtime.devices import devices


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A sound graph whose output has no clip."""
    path = tmp_path / "a.onnx"
    path.write_bytes(nearest_graph())
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    assert pocketlens("doctor", *arguments, "--json", "-") == 0
    return json.loads(capsys.readouterr().out)


def test_every_engine_is_told_of(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    engines = {engine["name"]: engine for engine in told(capsys)["engines"]}
    assert engines.keys() == {*ENGINES.names(), "torch", "tensorrt (plans)", "rtx (plans)"}
    for name in usable():
        assert engines[name]["usable"] and engines[name]["why_not"] is None
    assert all(engine["usable"] or engine["why_not"] for engine in engines.values())
    assert "not executed here" in engines["tensorrt"]["summary"]
    assert engines["torch"]["usable"] and "the reference" in engines["torch"]["summary"]
    monkeypatch.setitem(sys.modules, "openvino", None)
    (missing,) = [engine for engine in told(capsys)["engines"] if engine["name"] == "openvino"]
    assert not missing["usable"] and "pip install" in missing["why_not"]
    assert pocketlens("doctor") == 0
    assert "pip install" in capsys.readouterr().out


def test_it_needs_no_onnx_without_a_graph(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, graph: Path
):
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert told(capsys)["findings"] == []
    assert pocketlens("doctor", graph) == 3
    assert "pip install" in capsys.readouterr().err


def test_a_graph_is_looked_at_and_mended(capsys: pytest.CaptureFixture[str], graph: Path, tmp_path: Path):
    findings = told(capsys, graph)["findings"]
    assert {"id", "severity", "node", "told", "mend"} == findings[0].keys()
    assert [finding["id"] for finding in findings] == ["output-range", "profile"]
    mended = tmp_path / "b.onnx"
    assert [finding["id"] for finding in told(capsys, graph, "--fix", "-o", mended)["findings"]] == ["profile"]
    onnx.checker.check_model(onnx.load(mended), full_check=True)
    assert pocketlens("doctor", graph, "--fix", "-o", mended) == 2, "an existing file is not replaced unasked"
    assert "--force" in capsys.readouterr().err


def test_strict_says_no_to_an_error(graph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert pocketlens("doctor", graph, "--strict") == 0
    model = onnx.load(graph)
    for node in model.graph.node:
        node.name = ""
    zero = onnx.numpy_helper.from_array(np.array(0, np.uint8), "zero")
    scale = onnx.numpy_helper.from_array(np.array(0.1, np.float32), "scale")
    model.graph.initializer.extend([zero, scale])
    model.graph.node.extend(
        [
            onnx.helper.make_node("QuantizeLinear", ["upscaled", "scale", "zero"], ["levels"]),
            onnx.helper.make_node("DequantizeLinear", ["levels", "scale", "zero"], ["aside"]),
        ]
    )
    onnx.save(model, tmp_path / "u.onnx")
    assert pocketlens("doctor", tmp_path / "u.onnx", "--strict") == 1
    assert "error    unsigned, QuantizeLinear_2" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, b"", b"no graph"])
def test_what_is_no_graph_is_one_line(tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "a.onnx"
    if content is not None:
        path.write_bytes(content)
    assert pocketlens("doctor", path) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_format_that_is_too_new_is_not_called_damaged(graph: Path, capsys: pytest.CaptureFixture[str]):
    model = onnx.load(graph)
    model.ir_version = 99
    graph.write_bytes(model.SerializeToString())
    assert pocketlens("doctor", graph) == 2
    line = capsys.readouterr().err
    assert "ir_version 99" in line and "damaged" not in line and line.count("\n") == 1


def test_weights_in_another_file_are_read_from_beside_the_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    model = onnx.load_from_string(nearest_graph())
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones(9, np.float32), "weights"))
    path = tmp_path / "a.onnx"
    onnx.save(model, path, save_as_external_data=True, location="a.data", size_threshold=0)
    assert told(capsys, path, "--fix", "-o", tmp_path / "b.onnx")["mended"]
    (tmp_path / "a.data").unlink()
    onnx.checker.check_model(onnx.load(tmp_path / "b.onnx"), full_check=True)
    assert pocketlens("doctor", path) == 2
    line = capsys.readouterr().err
    assert "weights in another file" in line and line.count("\n") == 1


def test_what_was_mended_is_told(graph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert pocketlens("doctor", graph, "--fix", "-o", tmp_path / "b.onnx") == 0
    assert "mended   output-range, 1 times\n" in capsys.readouterr().out
    again = told(capsys, graph, "--fix", "-o", tmp_path / "c.onnx")
    assert again["mended"] == [{"id": "output-range", "count": 1, "cost": ""}]
    assert told(capsys, graph)["mended"] == []


def test_a_mend_that_makes_no_sound_graph_is_not_written(
    graph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def spoil(model: onnx.ModelProto) -> onnx.ModelProto:
        model.graph.node[0].input[0] = "nothing"
        return model

    monkeypatch.setattr("pocketlens.export.checks.prelu.CHECK", Check(lambda _: iter(()), spoil))
    assert pocketlens("doctor", graph, "--fix", "-o", tmp_path / "b.onnx") == 2
    line = capsys.readouterr().err
    assert "not a sound ONNX graph" in line and line.count("\n") == 1
    assert not (tmp_path / "b.onnx").exists()


@pytest.mark.parametrize(
    "arguments", [["--fix"], ["a.onnx", "--fix"], ["a.onnx", "-o", "b.onnx"], ["--fix", "-o", "b.onnx"]]
)
def test_a_fix_needs_a_graph_and_a_place(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    assert pocketlens("doctor", *arguments) == 2
    assert "pocketlens doctor MODEL.onnx --fix -o FILE.onnx" in capsys.readouterr().err


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


CPU = {"proc/cpuinfo": "processor\t: 0\nmodel name\t: A CPU\n", "proc/meminfo": "MemTotal:  16777216 kB\n"}
DRIVER = {"proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.10.02  Mon\n"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, [("gpu", "none", "no NVIDIA driver is loaded")]),
        (DRIVER, [("gpu", "none", "driver 570.10.02 is loaded, without a device")]),
        (
            DRIVER | {"proc/driver/nvidia/gpus/0000:01/information": "Model: \t NVIDIA A10\nIRQ: 1\n"},
            [("gpu", "NVIDIA A10", "driver 570.10.02")],
        ),
        (
            {
                "etc/nv_tegra_release": "# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic\n",
                "proc/device-tree/model": "NVIDIA Jetson Orin Nano\0",
                "dev/nvhost-ctrl-nvdla0": "",
            },
            [("jetson", "NVIDIA Jetson Orin Nano", "L4T 36.4.3, JetPack 6, TensorRT 10, 1 DLA")],
        ),
    ],
    ids=["none", "driver", "gpu", "jetson"],
)
def test_devices_are_read_from_the_system(tmp_path: Path, files: dict[str, str], expected: list[tuple[str, str, str]]):
    cpu, *others = devices(write(tmp_path, CPU | files))
    assert (cpu["kind"], cpu["name"]) == ("cpu", "A CPU") and cpu["told"].endswith("16 GiB of memory")
    assert [(one["kind"], one["name"]) for one in others] == [(kind, name) for kind, name, _ in expected]
    assert all(one["told"].startswith(told) for one, (_, _, told) in zip(others, expected, strict=True))


@pytest.mark.parametrize(("count", "expected"), [(1, "1 thread, 16 GiB of memory"), (2, "2 threads, 16 GiB of memory")])
def test_threads_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, expected: str):
    monkeypatch.setattr("pocketlens.runtime.devices.all_threads", lambda: count)
    assert devices(write(tmp_path, CPU))[0]["told"] == expected
