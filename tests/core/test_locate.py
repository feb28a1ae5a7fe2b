"""MODEL on a command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from pocketlens.core import locate
from pocketlens.core.errors import BadInput


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one shipped bundle and one shipped teacher."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "sesr-x2.plens").write_bytes(b"")
    (tmp_path / "teachers" / "rrdb-x2").mkdir(parents=True)
    monkeypatch.setattr(locate, "BUNDLES", tmp_path / "models")
    monkeypatch.setattr(locate, "TEACHERS", tmp_path / "teachers")
    return tmp_path


def test_a_name_finds_what_is_shipped(shipped: Path):
    assert locate.locate("sesr-x2") == shipped / "models" / "sesr-x2.plens"
    assert locate.locate("rrdb-x2") == shipped / "teachers" / "rrdb-x2"


def test_a_path_goes_before_a_name(shipped: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(shipped)
    Path("sesr-x2").mkdir()
    assert locate.locate("sesr-x2") == Path("sesr-x2")


def test_an_unknown_model_gets_the_nearest_name(shipped: Path):
    with pytest.raises(BadInput, match="did you mean 'sesr-x2'"):
        locate.locate("sesr-x3")


def test_where_nothing_is_shipped_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locate, "BUNDLES", tmp_path)
    monkeypatch.setattr(locate, "TEACHERS", tmp_path)
    with pytest.raises(BadInput, match="this installation ships none"):
        locate.locate("sesr-x2")


def test_a_bundle_is_told_from_a_checkpoint(tmp_path: Path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "manifest.json").write_text("{}")
    assert locate.is_bundle(tmp_path / "a.plens") and locate.is_bundle(tmp_path / "open")
    for checkpoint in (tmp_path, tmp_path / "weights.safetensors", tmp_path / "net.pth"):
        assert locate.is_checkpoint(checkpoint) and not locate.is_bundle(checkpoint)
    assert not locate.is_checkpoint(tmp_path / "photo.png")
