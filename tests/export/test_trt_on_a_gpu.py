"""`pocketlens export trt` with the full TensorRT, on one that is made up."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import pocketlens
from made_up_tensorrt import PLAN, DeviceType, MemoryPoolType, made_up
from plans import small_graph
from pocketlens.core import gpu, make_plan
from pocketlens.core.gpu import Gpu

Export = Callable[..., int]
ONE_SIZE = ("--min", "360x640", "--max", "360x640")


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    (tmp_path / "small.onnx").write_bytes(small_graph())
    return tmp_path / "small.onnx"


@pytest.fixture
def export(graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    """Build `small.plan` on a board with two DLA cores, and give the exit code."""
    monkeypatch.setattr(make_plan, "first_gpu", lambda: Gpu("Orin", "87", "12.6", 16))
    monkeypatch.setitem(sys.modules, "tensorrt", made_up(dla_cores=2))
    base = ("export", "trt", graph, "-o", tmp_path / "small.plan", "--quiet")
    return lambda *options: pocketlens(*base, *options)


def test_a_plan_of_this_gpu_is_written_with_its_facts_and_its_timings(export: Export, tmp_path: Path):
    assert export() == 0
    assert (tmp_path / "small.plan").read_bytes() == PLAN
    assert (tmp_path / "small.plan.timing").read_bytes() == b"timed"
    facts = json.loads((tmp_path / "small.plan.json").read_text())
    assert (facts["flavour"], facts["device"], facts["compute_capabilities"]) == ("tensorrt", "Orin", ["87"])
    assert (facts["driver"], facts["timing_cache"]) == ("12.6", "new")
    assert export("--force") == 0
    assert json.loads((tmp_path / "small.plan.json").read_text())["timing_cache"] == "reused"


def test_timings_are_kept_where_they_are_wanted_and_begun_anew_where_they_are_damaged(export: Export, tmp_path: Path):
    shared = tmp_path / "shared.timing"
    shared.write_bytes(b"damaged")
    assert export("--timing-cache", shared) == 0
    assert shared.read_bytes() == b"timed" and not (tmp_path / "small.plan.timing").exists()


def test_an_accelerator_and_a_workspace_reach_tensorrt(export: Export, tmp_path: Path):
    assert export("--dla", "1", "--workspace", "256", *ONE_SIZE) == 0
    ((_, config),) = sys.modules["tensorrt"].built
    assert (config.default_device_type, config.DLA_core) == (DeviceType.DLA, 1)
    assert config.pools == {MemoryPoolType.WORKSPACE: 256 << 20}
    facts = json.loads((tmp_path / "small.plan.json").read_text())
    assert (facts["dla_core"], facts["workspace_mib"]) == (1, 256)


def test_what_an_accelerator_cannot_do_is_one_line(export: Export, graph: Path, capsys):
    assert export("--dla", "2", *ONE_SIZE) == 3
    assert "finds 2 DLA cores here" in capsys.readouterr().err
    assert export("--dla", "0") == 2
    assert "--dla takes frames of one size" in capsys.readouterr().err
    graph.write_bytes(small_graph("fp32"))
    assert export("--dla", "0", *ONE_SIZE) == 2
    assert "is fp32, and --dla takes fp16 or int8" in capsys.readouterr().err


def test_a_plan_of_another_gpu_is_told(export: Export, monkeypatch: pytest.MonkeyPatch, capsys):
    assert export() == 0
    monkeypatch.setattr(make_plan, "first_gpu", lambda: Gpu("Thor", "110", "13.0", 20))
    assert export() == 2
    assert "it was built for compute capability 8.7, and not for 11.0" in capsys.readouterr().err
    assert export("--update") == 0


def test_a_machine_without_a_gpu_is_one_line(graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr(gpu, "_DRIVER", "libnowhere.so.1")
    monkeypatch.setitem(sys.modules, "tensorrt", made_up())
    assert pocketlens("export", "trt", graph, "-o", tmp_path / "a.plan") == 3
    assert "no NVIDIA driver is here (libnowhere.so.1 cannot be loaded)" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["small.onnx"]
