"""The example of a camera app does what its first line says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bundles import make_bundle, nearest_graph
from cameras import camera, camera_clip, free_port, url
from clips import look
from interpolators import make_interpolator
from source import ROOT


def app(models: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """The app, without a display, on a camera that shows 15 frames."""
    port = free_port()
    arguments = [models, url(port), "--seconds", "1", "--out", str(tmp_path / "seen.mkv")]
    without = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    with camera(camera_clip(tmp_path / "clip.avi", 15), port):
        command = [sys.executable, "-m", "pocketlens.examples.camera_app", *arguments]
        return subprocess.run(command, env=without, capture_output=True, text=True, timeout=120)


def test_it_upscales_a_stream_by_a_ladder_of_models(tmp_path: Path):
    ladder = [make_bundle(tmp_path / f"{name}.plens", graphs={"fp32": nearest_graph(3)}, channels=3) for name in "ab"]
    done = app(",".join(map(str, ladder)), tmp_path)
    assert done.returncode == 0, done.stderr
    assert look(tmp_path / "seen.mkv").size == (96, 128)
    assert "captured" in done.stdout


def test_it_interpolates_a_stream(tmp_path: Path):
    done = app(str(make_interpolator(tmp_path / "between.plens")), tmp_path)
    assert done.returncode == 0, done.stderr
    assert look(tmp_path / "seen.mkv").size == (48, 64)


def test_it_is_short():
    assert len((ROOT / "examples" / "camera_app.py").read_text(encoding="utf-8").splitlines()) < 60
