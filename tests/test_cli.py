"""What holds for every command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from commands import pocketlens
from pocketlens.cli import GROUP

COMMANDS = [
    "distill run", "distill eval", "distill blend", "distill list", "export onnx", "export trt", "export bundle",
    "export check", "quantize", "run", "models", "bench", "verify", "report", "doctor", "calib make", "calib show",
    "capi build", "demo",
]  # fmt: skip
HEAVY = {"numpy", "cv2", "torch", "onnx", "onnxruntime", "openvino", "pydantic", "av"}
BY_TYPER = {"pydantic"}
"""What Typer itself imports for the help of a group inside the group."""


def commands(group: Any = GROUP, path: str = "") -> Iterator[str]:
    """Every command, by the words that call it."""
    context = group.make_context(group.name, [], resilient_parsing=True)
    for name in group.commands:
        found = group.resolve_command(context, [name])[1]
        if hasattr(found, "commands"):
            yield from commands(found, f"{path}{name} ")
        else:
            yield f"{path}{name}"


def test_the_commands_are_those_that_are_tested_here():
    assert set(commands()) == set(COMMANDS)


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
