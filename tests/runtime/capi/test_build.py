"""`pocketlens capi build` makes both files or neither, and says what it lacks."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from built import build_library
from commands import pocketlens
from pocketlens.core.errors import MachineCannot
from pocketlens.runtime.capi import build as building
from pocketlens.runtime.capi.declarations import HEADER
from programs import needs_program


def test_the_header_and_the_library_are_written_and_reported(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    needs_program("gcc")
    out = tmp_path / "new" / "capi"
    assert pocketlens("capi", "build", "-o", out, "--json", "-") == 0
    printed, complaints = capfd.readouterr()
    files = {"header": str(out / "pocketlens.h"), "library": str(out / "libpocketlens.so")}
    assert (json.loads(printed), complaints) == (files, "")
    assert sorted(path.name for path in out.iterdir()) == ["libpocketlens.so", "pocketlens.h"]
    assert (out / "pocketlens.h").read_bytes() == HEADER.read_bytes()


def test_what_exists_is_replaced_only_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    build_library(tmp_path / "capi")
    assert pocketlens("capi", "build", "-o", tmp_path / "capi") == 2
    assert "--force" in capsys.readouterr().err
    assert pocketlens("capi", "build", "-o", tmp_path / "capi", "--force", "--quiet") == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"PATH": "", "CC": ""}, "no C compiler: there is no cc; install one (Debian: gcc), or name it in CC"),
        ({"CC": "tinier-cc -v"}, "no C compiler: there is no tinier-cc; install one (Debian: gcc), or name it in CC"),
        ({"CC": "false"}, "false cannot make the library: it ended with 1"),
        ({"CC": "gcc -include nothing.h"}, "gcc cannot make the library: "),
    ],
)
def test_a_machine_without_a_working_compiler_is_told_in_a_line(
    changes: dict[str, str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    if changes.get("CC", "").startswith("gcc"):
        needs_program("gcc")
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    assert pocketlens("capi", "build", "-o", tmp_path / "capi") == 3
    told = capsys.readouterr().err
    assert told.startswith(f"pocketlens: {line}") and told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("variables", "line"),
    [({"LDLIBRARY": "libpython3.11.a"}, "--enable-shared"), ({"LDLIBRARY": "libpython3.11.so"}, "python3-dev")],
)
def test_a_python_that_cannot_be_linked_with_is_told(
    variables: dict[str, str], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    needs_program("gcc")
    monkeypatch.setenv("CC", "gcc")
    monkeypatch.setattr(building.sysconfig, "get_config_var", variables.get)
    monkeypatch.setattr(building.sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(MachineCannot, match=line):
        building.build(tmp_path / "capi")
    assert list(tmp_path.iterdir()) == []


def test_without_cffi_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "cffi", None)
    with pytest.raises(MachineCannot, match=r"pip install 'pocketlens\[capi\]'"):
        building.build(tmp_path / "capi")
    assert list(tmp_path.iterdir()) == []
