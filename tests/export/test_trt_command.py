"""`pocketlens export trt`: a plan and its facts, whole or not at all, and nothing built twice unasked."""

from __future__ import annotations

import inspect
import json
import os
import signal
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import onnx
import pytest
from commands import pocketlens
from onnx import helper
from plans import small_graph
from pocketlens.core.plan_facts import PlanFacts
from pocketlens.export.to_trt import export_trt
from source import ROOT

pytest.importorskip("tensorrt_rtx")
SMALL_SIZES = ("--min", "16x16", "--opt", "32x48", "--max", "64x64")
Export = Callable[..., int]


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    (tmp_path / "small.onnx").write_bytes(small_graph())
    return tmp_path / "small.onnx"


@pytest.fixture
def export(graph: Path, tmp_path: Path) -> Export:
    """Build `small.plan`, with these options last, and give the exit code."""
    base = ("export", "trt", graph, "-o", tmp_path / "small.plan", "--flavour", "rtx", "--sm", "86", *SMALL_SIZES)
    return lambda *options: pocketlens(*base, "--quiet", *options)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """The one line on standard error."""

    def read() -> str:
        line = capsys.readouterr().err
        assert line.count("\n") == 1, line
        return line

    return read


def facts(tmp_path: Path) -> dict[str, Any]:
    return json.loads((tmp_path / "small.plan.json").read_text())


def test_the_command_writes_the_plan_and_its_facts(export: Export, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert export("--sm", "86, 89,86", "--json", "-") == 0
    told, kept, plan = json.loads(capsys.readouterr().out), facts(tmp_path), tmp_path / "small.plan"
    assert told == {"file": str(plan), **kept}
    assert kept["flavour"] == "rtx" and kept["version"]
    assert kept["compute_capabilities"] == ["86", "89"]
    assert kept["profile"] == {"min": "16x16", "opt": "32x48", "max": "64x64"}
    assert kept["bytes"] == plan.stat().st_size and kept["source"] == "small.onnx" and len(kept["source_sha256"]) == 64
    assert (kept["device"], kept["driver"], kept["timing_cache"]) == (None, None, "none"), "no GPU has a part in it"
    assert str(tmp_path) not in (tmp_path / "small.plan.json").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.onnx", "small.plan", "small.plan.json"]


def test_a_plan_that_is_what_is_asked_for_is_refused_as_such(export: Export, said: Callable[[], str], tmp_path: Path):
    assert export() == 0
    assert export() == 2
    assert "small.plan exists: it is what is asked for, as it stands; " in said()
    assert export("--force") == 0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--max", "64x80"), "serves frames of 16x16 to 64x64, and not of 64x80"),
        (("--opt", "16x16"), "differs in profile"),
        (("--sm", "89"), "was built for compute capability 8.6, and not for 8.9"),
        (("--workspace", "512"), "differs in workspace_mib"),
    ],
)
def test_a_plan_of_something_else_is_refused_with_the_reason_and_updated_when_asked(
    export: Export, said: Callable[[], str], tmp_path: Path, options: tuple[str, ...], reason: str
):
    assert export() == 0
    first = facts(tmp_path)
    assert export(*options) == 2
    assert f"small.plan exists: it {reason}; choose another name, or pass --force to build it again" in said()
    assert facts(tmp_path) == first
    assert export(*options, "--update") == 0
    assert facts(tmp_path) != first
    assert export(*options) == 2
    assert "it is what is asked for" in said()


@pytest.mark.parametrize("name", ["8.6", "sm_86", "SM86"])
def test_a_compute_capability_can_be_written_as_others_do(export: Export, tmp_path: Path, name: str):
    assert export("--sm", f"{name},86,12.0") == 0
    assert facts(tmp_path)["compute_capabilities"] == ["86", "120"]


def test_one_that_it_does_not_build_for_is_refused(export: Export, said: Callable[[], str]):
    assert export("--sm", "8..6") == 2
    assert "cannot build for sm '8..6'; it builds for 75" in said()


def test_a_plan_without_its_facts_is_refused_with_the_reason(export: Export, said: Callable[[], str], tmp_path: Path):
    assert export() == 0
    (tmp_path / "small.plan.json").unlink()
    assert export() == 2
    assert "small.plan exists: it has no sound facts beside it, in small.plan.json; " in said()


@pytest.mark.parametrize(
    ("graph", "out"), [("g.onnx", "g.onnx"), ("g.json", "g"), ("g.onnx", "g.data"), ("g.plan.timing", "g.plan")]
)
def test_what_a_plan_is_built_from_is_not_overwritten(
    tmp_path: Path, said: Callable[[], str], monkeypatch: pytest.MonkeyPatch, graph: str, out: str
):
    monkeypatch.chdir(tmp_path)
    beside(tmp_path / graph)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    command = ("export", "trt", graph, "-o", tmp_path / out, "--flavour", "rtx", "--sm", "86", *SMALL_SIZES)
    assert pocketlens(*command, "--force", "--quiet") == 2
    assert "cannot be two things" in said()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("out", [".", "/"])
def test_an_output_needs_a_name(graph: Path, said: Callable[[], str], out: str):
    assert pocketlens("export", "trt", graph, "-o", out, "--flavour", "rtx") == 2
    assert f"name the output NAME.plan, not '{out}'" in said()


def beside(path: Path, seed: int = 0) -> None:
    """A graph whose weights lie in `g.data` beside it."""
    model = onnx.load_from_string(small_graph(seed=seed))
    (path.parent / "g.data").unlink(missing_ok=True)
    onnx.save(model, path, "protobuf", save_as_external_data=True, location="g.data", size_threshold=0)


def test_weights_in_another_file_belong_to_the_source(
    tmp_path: Path, said: Callable[[], str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    beside(tmp_path / "g.onnx")
    graph = (tmp_path / "g.onnx").read_bytes()
    command = ("export", "trt", "g.onnx", "-o", "g.plan", "--flavour", "rtx", "--sm", "86", *SMALL_SIZES, "--quiet")
    assert pocketlens(*command) == 0
    beside(tmp_path / "g.onnx", seed=1)
    assert (tmp_path / "g.onnx").read_bytes() == graph
    assert pocketlens(*command) == 2
    assert "it was built from another graph than g.onnx now is" in said()


def test_the_hash_of_a_graph_in_one_file_is_that_of_the_file(export: Export, graph: Path, tmp_path: Path):
    assert export() == 0
    assert facts(tmp_path)["source_sha256"] == sha256(graph.read_bytes()).hexdigest()


def test_an_unknown_operator_is_named_with_its_node(tmp_path: Path, said: Callable[[], str]):
    model = onnx.load_from_string(small_graph())
    model.graph.node[0].op_type, model.graph.node[0].domain, model.graph.node[0].name = "Mystery", "own", "here"
    model.opset_import.append(helper.make_opsetid("own", 1))
    onnx.save(model, tmp_path / "m.onnx")
    command = ("export", "trt", tmp_path / "m.onnx", "-o", tmp_path / "m.plan", "--flavour", "rtx", *SMALL_SIZES)
    assert pocketlens(*command, "--quiet") == 2
    assert "TensorRT cannot read this graph at Mystery here: " in said()


def test_a_changed_graph_makes_a_plan_stale(export: Export, said: Callable[[], str], graph: Path):
    assert export() == 0
    graph.write_bytes(small_graph(seed=1))
    assert export() == 2
    assert "it was built from another graph than small.onnx now is" in said()


@pytest.mark.parametrize("damage", [lambda plan: plan[:-9], lambda plan: b"?" + plan[1:]], ids=["cut", "altered"])
def test_a_damaged_plan_is_told_and_updated(
    export: Export, said: Callable[[], str], tmp_path: Path, damage: Callable[[bytes], bytes]
):
    assert export() == 0
    plan = tmp_path / "small.plan"
    whole = plan.read_bytes()
    plan.write_bytes(damage(whole))
    assert export() == 2
    assert "it has" in (line := said()) or "its bytes were altered" in line
    assert export("--update") == 0
    assert len(plan.read_bytes()) == facts(tmp_path)["bytes"] and plan.read_bytes() != damage(whole)


def test_an_update_of_what_is_asked_for_builds_nothing(export: Export, tmp_path: Path):
    assert export("--update") == 0
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert export("--update") == 0
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            ("--dla", "0", "--min", "32x48", "--max", "32x48"),
            "TensorRT for RTX has no deep learning accelerator; leave --dla out",
        ),
        (("--timing-cache", "a.timing"), "TensorRT for RTX times nothing when it builds; leave --timing-cache out"),
        (("--workspace", "0"), "--workspace"),
        (("--dla", "-1"), "--dla"),
    ],
)
def test_options_that_cannot_be_met(
    export: Export, said: Callable[[], str], tmp_path: Path, options: tuple[str, ...], line: str
):
    assert export(*options) == 2
    assert line in said()
    assert [path.name for path in tmp_path.iterdir()] == ["small.onnx"]


def test_ctrl_c_while_it_builds_leaves_nothing(
    export: Export, said: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from pocketlens.core import tensorrt_plan

    make = tensorrt_plan.make_monitor

    def interrupting(trt: Any, advance: Any, stop: Any) -> Any:
        monitor = make(trt, advance, stop)
        started = monitor.phase_start

        def phase_start(*phase: Any) -> None:
            if not stop.is_set():
                time.sleep(0.2)  # until it is waited for
                os.kill(os.getpid(), signal.SIGINT)
                assert stop.wait(30)
            started(*phase)

        monitor.phase_start = phase_start
        return monitor

    monkeypatch.setattr(tensorrt_plan, "make_monitor", interrupting)
    assert export() == 130
    assert said() == "pocketlens: interrupted\n"
    assert [path.name for path in tmp_path.iterdir()] == ["small.onnx"]


def test_the_page_tells_of_every_option_and_every_fact():
    page = (ROOT / "docs" / "tensorrt.md").read_text(encoding="utf-8")
    renamed = {"least": "min", "best": "opt", "most": "max"}
    common = {"graph", "out", "json_file", "quiet"}
    options = [renamed.get(name, name) for name in inspect.signature(export_trt).parameters if name not in common]
    assert [name for name in options if f"`--{name.replace('_', '-')}" not in page] == []
    assert [name for name in PlanFacts.model_fields if f"`{name}`" not in page] == []
