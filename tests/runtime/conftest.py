"""What is slow to build is built once."""

from __future__ import annotations

from pathlib import Path

import pytest
from built import C89, DRIVER, build_library, compile_with


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the C header and the library."""
    return build_library(tmp_path_factory.mktemp("capi") / "library")


@pytest.fixture(scope="session")
def driver(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that makes the calls it reads."""
    return compile_with(library, C89, DRIVER, tmp_path_factory.mktemp("driver") / "driver")
