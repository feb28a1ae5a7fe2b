"""Pictures past a limit are kept in a file and are the same."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from pocketlens.core.errors import BadInput
from pocketlens.distill.held import Held


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("POCKETLENS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def pictures(count: int) -> list[np.ndarray]:
    """Noise of different sizes."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (20 + index, 30, 3), np.uint8) for index in range(count)]


def test_what_is_past_the_memory_is_in_a_file_and_the_same(cache: Path):
    given = pictures(20)
    held = Held(in_memory=6000, chunk=5000)
    kept = [held.keep(each) for each in given]
    for one, other in zip(given, kept, strict=True):
        np.testing.assert_array_equal(one, other)
    assert [one is other for one, other in zip(given, kept, strict=True)] == [True] * 3 + [False] * 17
    assert not kept[-1].flags.writeable
    assert list(cache.iterdir()) == []


def test_a_picture_larger_than_a_piece_of_the_file_fits(cache: Path):
    (given,) = pictures(1)
    np.testing.assert_array_equal(Held(in_memory=0, chunk=100).keep(given), given)


def test_nothing_is_written_while_there_is_memory(cache: Path):
    held = Held()
    assert all(held.keep(each) is each for each in pictures(3))
    assert not cache.exists()


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("POCKETLENS_CACHE", os.fspath(tmp_path / "file"))
    with pytest.raises(BadInput, match="cannot keep pictures in"):
        Held(in_memory=0).keep(pictures(1)[0])
