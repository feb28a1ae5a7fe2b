"""Timings of earlier builds: kept whole, begun anew where they cannot be used, never an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from pocketlens.core.timing_cache import TimingCache

GOOD = b"timings of this GPU"


class Cache:
    """TensorRT's timings, which it serializes to something that has the buffer protocol."""

    def __init__(self, timings: bytes) -> None:
        self.timings = timings

    def serialize(self) -> bytearray:
        return bytearray(self.timings + GOOD)


class Config:
    """As a builder's: it takes timings of its own GPU, and none at all."""

    def __init__(self, raises: bool = False) -> None:
        self.taken: Cache | None = None
        self._raises = raises

    def create_timing_cache(self, timings: bytes) -> Cache | None:
        if self._raises and timings:
            raise RuntimeError("bad header")
        return None if timings == b"nothing" else Cache(timings)

    def set_timing_cache(self, cache: Cache, ignore_mismatch: bool) -> bool:
        assert not ignore_mismatch
        if cache.timings not in (b"", GOOD):
            return False
        self.taken = cache
        return True

    def get_timing_cache(self) -> Cache | None:
        return self.taken


def built(file: Path, config: Config) -> str:
    """What is said of the timings after a build."""
    cache = TimingCache(file)
    cache.load(config)
    cache.keep(config)
    return cache.state


def test_timings_are_kept_for_the_next_build(tmp_path: Path):
    file = tmp_path / "deep" / "a.timing"
    assert built(file, Config()) == "new" and file.read_bytes() == GOOD
    config = Config()
    assert built(file, config) == "reused"
    assert config.taken is not None and config.taken.timings == GOOD
    assert [path.name for path in file.parent.iterdir()] == ["a.timing"]


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("content", [b"", b"nothing", b"timings of another GPU"])
def test_timings_that_cannot_be_used_are_replaced(tmp_path: Path, content: bytes, raises: bool):
    file = tmp_path / "a.timing"
    file.write_bytes(content)
    assert built(file, Config(raises)) == "new"
    assert file.read_bytes() == GOOD


def test_a_place_that_cannot_be_written_costs_no_plan(tmp_path: Path):
    (tmp_path / "a.timing").mkdir()
    assert built(tmp_path / "a.timing", Config()) == "new"
