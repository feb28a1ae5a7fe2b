"""Whole runs of `pocketlens run` on a clip: time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from pocketlens.calib_data.sources import sample_clip

HEIGHT, WIDTH, THREADS = 360, 640, 2


def make_clip(path: Path, seconds: int) -> None:
    """A 30 fps 640x360 clip of real frames, over and over."""
    with av.open(str(sample_clip("bigbuckbunny"))) as source:
        frames = [frame.reformat(WIDTH, HEIGHT, "yuv420p") for frame in source.decode(video=0)]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=30, options={"preset": "veryfast"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(30 * seconds):
            frame = frames[index % len(frames)]
            frame.pts, frame.time_base = index, Fraction(1, 30)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def on_video(model: str, seconds: int, folder: Path, *options: str) -> dict[str, Any]:
    """A whole `pocketlens run` on a clip: wall time against playing time, and peak memory."""
    clip, out = folder / f"{seconds}.mp4", folder / f"{seconds}-{model}.mp4"
    make_clip(clip, seconds)
    command = [sys.executable, "-m", "pocketlens", "run", model, clip, "-o", out, "--threads", THREADS, "--quiet"]
    command += options
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command])
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    assert status == 0
    return {
        "clip_s": seconds,
        "wall_s": wall,
        "times_as_fast_as_it_plays": seconds / wall,
        "peak_mb": usage.ru_maxrss / 1024,
    }
