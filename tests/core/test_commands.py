"""What every command has in common."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pocketlens.core.commands import LazyGroup, report
from pocketlens.core.errors import BadInput, MachineCannot


def fail_with(error: BaseException) -> Any:
    def command() -> None:
        """Fail."""
        raise error

    return command


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch):
    """Call a command that raises the given error; returns the exit code."""

    def call(error: BaseException) -> int:
        module = ModuleType("pocketlens.failing")
        module.command = fail_with(error)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "pocketlens.failing", module)
        group = LazyGroup("lens", "Test.", {"fail": ("Fail.", "failing:command")})
        with pytest.raises(SystemExit) as ended:
            group.main(["fail"], prog_name="lens")
        return int(ended.value.code or 0)

    return call


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (BadInput("no such picture"), 2, "pocketlens: no such picture"),
        (MachineCannot("no CUDA device"), 3, "pocketlens: no CUDA device"),
        (
            MemoryError("Unable to allocate 9 GiB"),
            3,
            "pocketlens: not enough memory for this: Unable to allocate 9 GiB",
        ),
        (KeyboardInterrupt(), 130, "pocketlens: interrupted"),
        (KeyboardInterrupt("interrupted at step 5"), 130, "pocketlens: interrupted at step 5"),
        (FileNotFoundError(2, "No such file or directory", "a.png"), 2, "pocketlens: a.png: No such file or directory"),
        (OSError(28, "No space left on device"), 2, "pocketlens: No space left on device"),
    ],
)
def test_a_failure_is_one_line_and_its_exit_code(
    call: Any, error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
):
    assert call(error) == code
    assert capsys.readouterr().err == line + "\n"


def test_a_fault_of_ours_is_not_hidden(call: Any):
    with pytest.raises(ZeroDivisionError):
        call(ZeroDivisionError())


def test_json_goes_where_it_is_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    report({"a": 1}, None, lambda: "text")
    assert capsys.readouterr().out == "text\n"
    report({"a": 1}, "-", lambda: "text")
    assert json.loads(capsys.readouterr().out) == {"a": 1}
    report({"a": 1}, str(tmp_path / "a.json"), lambda: "text", quiet=True)
    assert capsys.readouterr().out == ""
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": 1}
