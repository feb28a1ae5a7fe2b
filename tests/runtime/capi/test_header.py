"""The header says what the runtime says, and compiles as strictly as its users may want."""

from __future__ import annotations

import subprocess
from enum import IntEnum
from pathlib import Path
from typing import Any

import cffi
import pytest
from built import C89, CPP17
from pocketlens.runtime import api
from pocketlens.runtime.capi.declarations import HEADER, declarations, served
from programs import needs_program


@pytest.fixture(scope="module")
def types() -> Any:
    ffi = cffi.FFI()
    ffi.cdef(declarations())
    return ffi


@pytest.mark.parametrize(("compiler", "name"), [(C89, "once.c"), (CPP17, "once.cpp")], ids=["C89", "C++17"])
def test_the_header_compiles_without_a_warning(compiler: tuple[str, ...], name: str, tmp_path: Path):
    needs_program(compiler[0])
    source = tmp_path / name
    source.write_text('#include "pocketlens.h"\n#include "pocketlens.h"\nextern int unused;\n', encoding="utf-8")
    command = [*compiler, "-fsyntax-only", "-I", HEADER.parent, source]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("enum", "prefix", "known"),
    [
        ("pocketlens_status", "", api.Status),
        ("pocketlens_format", "FORMAT_", api.PixelFormat),
        ("pocketlens_matrix", "MATRIX_", api.Matrix),
        ("pocketlens_range", "RANGE_", api.Range),
    ],
)
def test_names_have_the_numbers_of_the_runtime(types: Any, enum: str, prefix: str, known: type[IntEnum]):
    assert types.typeof(enum).relements == {f"POCKETLENS_{prefix}{one.name}": one.value for one in known}


def test_every_function_of_the_runtime_is_there():
    functions = {name for name in api.__all__ if name.islower() and callable(getattr(api, name))}
    assert set(served()) == functions - {"describe"}


def test_a_frame_begins_with_its_size_and_keeps_its_layout(types: Any):
    """Programs are compiled with it: fields are added at its end alone."""
    offsets = {name: field.offset for name, field in types.typeof("pocketlens_frame").fields}
    assert list(offsets) == [
        "struct_size", "format", "width", "height", "matrix", "range", "planes", "strides", "sizes", "pts", "duration",
        "time_base_num", "time_base_den",
    ]  # fmt: skip
    assert list(offsets.values()) == [0, 8, 12, 16, 20, 24, 32, 64, 96, 128, 136, 144, 152]
