"""Bad input gets one clear line, the right exit code, and no half-written file."""

from __future__ import annotations

import errno
import json
import sys
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle, nearest_graph
from clips import make_clip
from commands import pocketlens
from pocketlens.core import picture
from pocketlens.runtime import encode


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "b.plens", graphs={"fp32": nearest_graph()})


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    picture.write(tmp_path / "photo.png", np.zeros((6, 8, 3), np.uint8))
    return tmp_path / "photo.png"


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Run a command that must fail, and give its one line; nothing may be left behind."""

    def run(*arguments: object, code: int = 2) -> str:
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        assert pocketlens(*arguments) == code
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
        return captured.err

    return run


def test_missing_inputs(refused, bundle: Path, tmp_path: Path):
    for name in ("none.png", "none.mp4", "folder"):
        assert "no such file" in refused("run", bundle, tmp_path / name, "-o", tmp_path / "out.mp4")


@pytest.mark.parametrize("name", ["out.png", "out.mp4"])
def test_a_folder_named_as_a_file(refused, bundle: Path, photo: Path, name: str):
    assert "name of a file" in refused("run", bundle, photo.parent, "-o", photo.parent / name)


def test_a_damaged_picture(refused, bundle: Path, photo: Path, tmp_path: Path):
    photo.write_bytes(photo.read_bytes()[:40])
    assert "cut short or damaged" in refused("run", bundle, photo, "-o", tmp_path / "out.png")


@pytest.mark.parametrize("content", [b"", b"junk" * 99, "moov lost"], ids=["empty", "junk", "cut short"])
def test_a_damaged_video(refused, bundle: Path, tmp_path: Path, content: bytes | str):
    clip = make_clip(tmp_path / "in.mp4")
    clip.write_bytes(content if isinstance(content, bytes) else clip.read_bytes()[:1500])
    assert "not a video that can be read" in refused("run", bundle, clip, "-o", tmp_path / "out.mp4")


def test_a_sound_file(refused, bundle: Path, tmp_path: Path):
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes(2048))
    assert "holds no video" in refused("run", bundle, tmp_path / "sound.wav", "-o", tmp_path / "out.mp4")


def test_a_folder_without_pictures(refused, bundle: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert "no pictures" in refused("run", bundle, tmp_path / "empty", "-o", tmp_path / "out")


def test_an_output_that_exists(refused, bundle: Path, photo: Path, tmp_path: Path):
    (tmp_path / "out.png").write_bytes(b"precious")
    assert "--force" in refused("run", bundle, photo, "-o", tmp_path / "out.png")
    assert "the input itself" in refused("run", bundle, photo, "-o", photo, "--force")


def test_outputs_that_cannot_be_written(refused, bundle: Path, photo: Path, tmp_path: Path):
    clip = make_clip(tmp_path / "in.mp4", sound=True)
    assert ".mkv" in refused("run", bundle, clip, "-o", tmp_path / "out.avi")
    assert "name the output .mp4 or .mov or .mkv" in refused("run", bundle, clip, "-o", tmp_path / "out.webm")
    assert "cannot write" in refused("run", bundle, photo, "-o", tmp_path / "out.gif")
    assert "cannot write" in refused("run", bundle, photo, "-o", photo / "out.png")


def test_limits_on_what_has_no_time(refused, bundle: Path, photo: Path, tmp_path: Path):
    assert "for videos" in refused("run", bundle, photo, "-o", tmp_path / "out.png", "--frames", 3)


def test_a_model_that_is_not_there_or_no_model(refused, photo: Path, tmp_path: Path):
    assert "no model 'fsrcn-x2'" in refused("run", "fsrcn-x2", photo, "-o", tmp_path / "out.png")
    (tmp_path / "net.pth").write_bytes(b"x")
    (tmp_path / "junk.plens").write_bytes(b"x")
    assert "net.pth was refused" in refused("run", tmp_path / "net.pth", photo, "-o", tmp_path / "out.png")
    assert "photo.png is no model" in refused("run", photo, photo, "-o", tmp_path / "out.png")
    assert "not a readable bundle" in refused("run", tmp_path / "junk.plens", photo, "-o", tmp_path / "out.png")


def test_a_checkpoint_where_torch_is_missing(refused, photo: Path, tmp_path: Path, monkeypatch):
    (tmp_path / "net.pth").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "torch", None)
    line = refused("run", tmp_path / "net.pth", photo, "-o", tmp_path / "out.png", code=3)
    assert "pip install 'pocketlens[train]'" in line


def rewrite(bundle: Path, change) -> None:
    """Apply `change` to the files of a bundle without sealing it again."""
    with zipfile.ZipFile(bundle) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(bundle, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def test_a_bundle_with_a_changed_byte(refused, bundle: Path, photo: Path, tmp_path: Path):
    def flip(files: dict[str, bytes]) -> None:
        files["fp32.onnx"] = files["fp32.onnx"][:-1] + b"?"

    rewrite(bundle, flip)
    assert "changed after sealing" in refused("run", bundle, photo, "-o", tmp_path / "out.png")


def test_a_bundle_that_reaches_outside_itself(refused, bundle: Path, photo: Path, tmp_path: Path):
    def escape(files: dict[str, bytes]) -> None:
        manifest = json.loads(files["manifest.json"])
        manifest["files"]["../../etc/passwd"] = "0" * 64
        files["manifest.json"] = json.dumps(manifest).encode()

    rewrite(bundle, escape)
    assert "outside itself" in refused("run", bundle, photo, "-o", tmp_path / "out.png")


def test_a_named_engine_that_is_missing(refused, bundle: Path, photo: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    line = refused("run", bundle, photo, "-o", tmp_path / "out.png", "--engine", "openvino", code=3)
    assert "pip install 'pocketlens[openvino]'" in line


@pytest.mark.parametrize("kind", ["photo.png", "folder", "clip.mp4"])
def test_a_full_disk(refused, bundle: Path, photo: Path, tmp_path: Path, kind: str, monkeypatch):
    def full(*_arguments: object, **_options: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    if kind == "clip.mp4":
        source = make_clip(tmp_path / kind)
        monkeypatch.setattr(encode.Writer, "write", full)
    else:
        source = photo.parent / "in" if kind == "folder" else photo
        picture.write(tmp_path / "in" / "a.png", np.zeros((6, 8, 3), np.uint8))
        monkeypatch.setattr(Path, "write_bytes", full)
    target = tmp_path / f"out{source.suffix}"
    assert "No space left on device" in refused("run", bundle, source, "-o", target, "--engine", "onnxruntime")
