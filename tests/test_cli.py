"""What holds for every command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import pocketlens
from pocketlens.cli import GROUP

COMMANDS = [
    "distill run", "distill eval", "distill blend", "distill list", "export onnx", "export trt", "export bundle",
    "export check", "quantize", "run", "models", "bench", "verify", "report", "doctor", "calib make", "calib show",
    "capi build", "demo",
]  # fmt: skip
REPORTING = {
    "distill run": "sesr-x2", "distill eval": "sesr-x2 --data photos", "distill blend": "a b --alpha 0.5 --out new",
    "distill list": "", "export onnx": "run -o new.onnx", "export trt": "a.onnx -o new.plan",
    "export bundle": "run -o new.plens", "export check": "sesr-x2", "quantize": "run --explain", "models": "",
    "bench": "sesr-x2", "verify": "sesr-x2", "report": "sesr-x2 -o new.html", "doctor": "",
    "calib make": "sample -o new", "calib show": "calib -o new.png", "capi build": "-o new",
}  # fmt: skip
"""Commands with `--json`, and what they may be called with."""
HEAVY = {"numpy", "cv2", "torch", "onnx", "onnxruntime", "openvino", "pydantic", "av"}
BY_TYPER = {"pydantic"}
"""What Typer itself imports for the help of a group inside the group."""


def commands(group: Any = GROUP, path: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every command, by the words that call it, and its options."""
    context = group.make_context(group.name, [], resilient_parsing=True)
    for name in group.commands:
        found = group.resolve_command(context, [name])[1]
        if hasattr(found, "commands"):
            yield from commands(found, f"{path}{name} ")
        else:
            yield f"{path}{name}", {word for option in found.params for word in option.opts}


def test_the_commands_are_those_that_are_tested_here():
    known = dict(commands())
    assert set(known) == set(COMMANDS)
    assert {name for name, options in known.items() if "--json" in options} == set(REPORTING)


@pytest.mark.parametrize("command", REPORTING)
def test_a_report_that_exists_is_refused_before_any_work(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    Path("taken.json").write_text("mine")
    Path("folder").mkdir()
    words = *command.split(), *REPORTING[command].split()
    assert pocketlens(*words, "--json", "taken.json") == 2
    told = "pocketlens: taken.json exists; choose another name, or pass --force to replace it\n"
    assert capsys.readouterr() == ("", told)
    assert pocketlens(*words, "--json", "folder", "--force") == 2
    assert capsys.readouterr() == ("", "pocketlens: folder is a folder; choose another name\n")
    assert Path("taken.json").read_text() == "mine" and len(list(tmp_path.iterdir())) == 2


def test_a_report_that_exists_is_replaced_by_force(tmp_path: Path):
    (tmp_path / "taken.json").write_text("mine")
    assert pocketlens("models", "--json", tmp_path / "taken.json", "--force", "-q") == 0
    assert "sesr-x2" in (tmp_path / "taken.json").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_an_example_and_can_be_quiet(command: str, capsys: pytest.CaptureFixture[str]):
    assert pocketlens(*command.split(), "--help") == 0
    told = " ".join(capsys.readouterr().out.split())
    program = "distill" if command.startswith("distill ") else "pocketlens"
    assert f"Example: {program} {command.removeprefix('distill ')}" in told
    assert "--quiet" in told


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("--quik", "No such option: --quik (see pocketlens --help)"),
        ("benhc", "No such command 'benhc'. Did you mean 'bench'? (see pocketlens --help)"),
        ("distill --quik", "No such option: --quik (see pocketlens distill --help)"),
        ("run fsrcnn-x2 a.png", "Missing option '--output' / '-o' (see pocketlens run --help)"),
        ("export onnx a.pth -o b.onnx --presicion fp16", "--presicion (Possible options: --precision)"),
    ],
)
def test_wrong_use_is_one_line(words: str, line: str, capsys: pytest.CaptureFixture[str]):
    assert pocketlens(*words.split()) == 2
    told = capsys.readouterr().err
    assert told.startswith("pocketlens: ") and line in told and told.count("\n") == 1


@pytest.mark.parametrize("words", ["", "distill"])
def test_a_group_without_a_command_shows_its_help(words: str, capsys: pytest.CaptureFixture[str]):
    assert pocketlens(*words.split()) == 2
    assert "Commands:" in capsys.readouterr().err


@pytest.mark.parametrize("group", ["", "distill", "export"])
def test_help_imports_nothing_heavy(group: str):
    command = [sys.executable, "-X", "importtime", "-m", "pocketlens", *group.split(), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert sorted((HEAVY - BY_TYPER if group else HEAVY) & imported) == []
