"""Programs that no Python package brings, which a few tests hold pocketlens against."""

from __future__ import annotations

import os
import shutil

import pytest

# Program -> the Debian package that has it; .ci/run installs these, and the README lists them.
PACKAGES = {
    "chromium": "chromium",
    "ffmpeg": "ffmpeg",
    "ffprobe": "ffmpeg",
    "gcc": "gcc",
    "g++": "g++",
    "valgrind": "valgrind",
}


def needs_program(name: str) -> str:
    """The path of a program; without it the test is skipped, but fails where CI says that all are installed."""
    path = shutil.which(name)
    if path is None:
        reason = f"{name} is not installed; Debian has it in the package {PACKAGES[name]}"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return path
