"""A network camera: ffmpeg serving MJPEG over HTTP on loopback, frame by frame at the rate of a clip."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clips import make_clip
from programs import needs_program

_LISTENS = "0A"
"""As /proc/net/tcp has it."""


def camera_clip(path: Path, frames: int) -> Path:
    """What a camera is to show: 64x48, ten frames a second."""
    return make_clip(path, pts=range(0, frames * 100, 100), codec="mjpeg", pix_fmt="yuvj420p")


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def url(port: int) -> str:
    """Of the camera at a port."""
    return f"http://127.0.0.1:{port}/camera.mjpg"


@contextmanager
def camera(clip: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serve `clip` once, in real time, to the first who connects; ready when the block begins."""
    serve = ["-re", "-i", clip, "-c", "copy", "-f", "mpjpeg", "-listen", "1", url(port)]
    process = subprocess.Popen([needs_program("ffmpeg"), "-v", "error", "-nostdin", *map(str, serve)])
    try:
        deadline = time.monotonic() + 30
        while not _listened(port):
            assert process.poll() is None and time.monotonic() < deadline, "the camera does not start"
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


def _listened(port: int) -> bool:
    """Whether somebody listens there; to try would be the one connection that the camera takes."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(int(row[1].partition(":")[2], 16) == port and row[3] == _LISTENS for row in rows)
