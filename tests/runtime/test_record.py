"""`pocketlens run` on a network camera."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from bundles import make_bundle, nearest_graph
from cameras import camera, camera_clip, free_port, url
from clips import look
from commands import pocketlens
from interpolators import make_interpolator, moving_graph

OPTIONS = ("--engine", "onnxruntime", "--threads", 1)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return camera_clip(tmp_path_factory.mktemp("clip") / "seen.mkv", 15)


@pytest.fixture(scope="module")
def luma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("luma") / "luma.plens", graphs={"fp32": nearest_graph(1)})


@pytest.fixture(scope="module")
def between(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_interpolator(
        tmp_path_factory.mktemp("between") / "between.plens", {("fp32", "motion"): moving_graph(1)}
    )


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_so_many_frames_are_recorded(
    luma: Path, clip: Path, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
):
    port, made = free_port(), tmp_path / f"out{suffix}"
    with camera(clip, port):
        assert pocketlens("run", luma, url(port), "-o", made, "--frames", 8, *OPTIONS) == 0
    found = look(made)
    assert found.size == (96, 128) and len(found.times) == 8
    assert found.times == sorted(set(found.times))
    assert " 8 processed," in capsys.readouterr().err


def test_so_many_seconds_are_recorded(luma: Path, clip: Path, tmp_path: Path):
    port, made = free_port(), tmp_path / "out.mp4"
    with camera(clip, port):
        assert pocketlens("run", luma, url(port), "-o", made, "--seconds", 0.4, *OPTIONS) == 0
    assert 0 <= max(look(made).times) < 0.4


def test_frames_are_put_between_those_of_a_camera(between: Path, luma: Path, clip: Path, tmp_path: Path):
    port, made, flow = free_port(), tmp_path / "out.mp4", tmp_path / "flow.png"
    more = ("--factor", 2, "--then", luma, "--show-flow", flow)
    with camera(clip, port):
        assert pocketlens("run", between, url(port), "-o", made, "--frames", 6, *more, *OPTIONS) == 0
    found = look(made)
    assert found.size == (96, 128) and len(found.times) == 11
    assert flow.exists()


def record(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pocketlens", "run", *map(str, (*arguments, *OPTIONS))]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def interrupted(running: subprocess.Popen[str], folder: Path, number: signal.Signals) -> tuple[int, str]:
    """Exit code and standard error of a recording that gets a signal once its file has begun."""
    deadline = time.monotonic() + 60
    while not list(folder.glob(".out-*/out.mkv")) and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(number)
    _, told = running.communicate(timeout=60)
    return running.returncode, told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminate"])
@pytest.mark.parametrize(("limit", "code"), [((), 0), (("--seconds", 3600), 130)], ids=["endless", "limited"])
def test_an_interrupt_ends_the_file_properly(
    luma: Path, tmp_path: Path, number: signal.Signals, limit: Sequence[object], code: int
):
    port, made = free_port(), tmp_path / "out.mkv"
    with camera(camera_clip(tmp_path / "long.avi", 600), port):
        running = record(luma, url(port), "-o", made, *limit)
        ended, told = interrupted(running, tmp_path, number)
    assert ended == code
    assert ("processed" if code == 0 else f"pocketlens: interrupted; what had come is in {made}\n") in told
    assert look(made).times
    assert {path.name for path in tmp_path.iterdir()} == {"long.avi", "out.mkv"}


def test_what_came_from_a_camera_that_went_away_is_kept(
    luma: Path, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("pocketlens.runtime.record.PATIENCE", 0.3)
    port, made = free_port(), tmp_path / "out.mp4"
    with camera(clip, port):
        assert pocketlens("run", luma, url(port), "-o", made, *OPTIONS) == 0
    assert len(look(made).times) == 15
    told = capsys.readouterr().err
    assert "gave up after 0.3 s" in told and "15 captured, 15 processed, 0 dropped" in told


def test_a_camera_that_nobody_serves_is_one_line(luma: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    port = free_port()
    assert pocketlens("run", luma, url(port), "-o", tmp_path / "out.mp4", *OPTIONS) == 2
    assert capsys.readouterr().err == f"pocketlens: cannot open the camera {url(port)}: Connection refused\n"


def test_a_device_that_is_not_here_is_for_another_machine(luma: Path, tmp_path: Path):
    assert pocketlens("run", luma, "camera:63", "-o", tmp_path / "out.mp4", *OPTIONS) == 3


def test_a_recording_is_a_video(luma: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert pocketlens("run", luma, "http://127.0.0.1:9/", "-o", tmp_path / "out.png", *OPTIONS) == 2
    assert "cannot write a video as 'out.png'" in capsys.readouterr().err


def test_an_existing_recording_is_refused(luma: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "out.mp4").touch()
    assert pocketlens("run", luma, "http://127.0.0.1:9/", "-o", tmp_path / "out.mp4", *OPTIONS) == 2
    assert "exists; choose another name, or pass --force" in capsys.readouterr().err
