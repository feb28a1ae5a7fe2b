"""The C library, and C programs that are linked with it and run outside of this environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from pocketlens.core.errors import MachineCannot
from pocketlens.runtime.capi.build import build
from programs import needs_program
from source import ROOT

STRICT = ("-Wall", "-Wextra", "-pedantic", "-Werror")
C89, CPP17 = ("gcc", "-std=c89", *STRICT), ("g++", "-std=c++17", *STRICT)
DRIVER = ROOT / "tests" / "runtime" / "capi" / "driver.c"
CAMERA = ROOT / "examples" / "camera.c"


def build_library(folder: Path) -> Path:
    """Build the library into `folder`; where this machine cannot, the test is skipped, but fails in CI."""
    needs_program("gcc")
    try:
        build(folder)
    except MachineCannot as error:
        pytest.fail(str(error)) if os.environ.get("CI") == "true" else pytest.skip(str(error))
    return folder


def compile_with(library: Path, compiler: tuple[str, ...], source: Path, program: Path) -> Path:
    """A program linked with the library, compiled without a warning."""
    needs_program(compiler[0])
    linked = ("-I", library, "-L", library, "-lpocketlens", f"-Wl,-rpath,{library}", "-pthread")
    done = subprocess.run([*compiler, source, "-o", program, *linked], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program


def outside(**changes: str) -> dict[str, str]:
    """An environment that says nothing of Python's."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "OMP_NUM_THREADS") if key in os.environ}
    return kept | changes
