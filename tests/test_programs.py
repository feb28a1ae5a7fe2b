"""A test may be skipped for want of a program, but not where CI runs the full suite."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import PACKAGES, needs_program

ROOT = Path(__file__).resolve().parents[1]


def test_a_missing_program_skips_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="ffprobe is not installed; Debian has it in the package ffmpeg"):
        needs_program("ffprobe")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="ffprobe is not installed"):
        needs_program("ffprobe")


@pytest.mark.parametrize("file", [".ci/run", "README.md"])
def test_every_package_is_installed_by_ci_and_listed_in_the_readme(file: str):
    text = (ROOT / file).read_text(encoding="utf-8")
    assert [package for package in PACKAGES.values() if package not in text] == []
