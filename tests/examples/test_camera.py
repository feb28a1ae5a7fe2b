"""The camera program in C does with raw NV12 frames what the runtime does."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
from built import C89, CAMERA, build_library, compile_with, outside
from bundles import make_bundle
from cameras import camera, camera_clip, free_port, url
from interpolators import make_interpolator, moving_graph
from pocketlens.runtime import api
from pocketlens.runtime.api import Descriptor, PixelFormat, Status
from programs import needs_program

WIDTH, HEIGHT, FRAMES = 7, 5, 9
SMALL, LARGE = 7 * 5 + 4 * 3 * 2, 14 * 10 * 3 // 2


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("camera")
    return compile_with(build_library(folder / "library"), C89, CAMERA, folder / "camera")


def film() -> list[bytes]:
    """Raw NV12 frames of noise."""
    noise = np.random.default_rng(0).integers(0, 256, (FRAMES, SMALL), dtype=np.uint8)
    return [frame.tobytes() for frame in noise]


def run(program: Path, *words: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [str(word) for word in (program, *words)]
    return subprocess.run(command, input=given, cwd="/", env=outside(), capture_output=True)


def through_the_runtime(bundle: Path, film: list[bytes], size: tuple[int, int], larger: tuple[int, int]) -> bytes:
    """A film through the Python surface; sizes are width and height."""
    _, handle = api.create(str(bundle))
    assert api.load(handle) == Status.OK
    made, target = b"", bytearray(nv12(*larger))
    out = Descriptor(target, PixelFormat.NV12, *larger)
    for number, data in enumerate([*film, None]):
        if data is None:
            api.flush(handle)
        else:
            assert api.push(handle, Descriptor(data, PixelFormat.NV12, *size, pts=number)) == Status.OK
        while api.pull(handle, out) == Status.OK:
            made += target
    api.destroy(handle)
    return made


def nv12(width: int, height: int) -> int:
    """Bytes of a frame."""
    return width * height + (width + 1) // 2 * ((height + 1) // 2) * 2


def live(program: Path, bundle: Path, folder: Path) -> tuple[list[bytes], bytes]:
    """The frames that the program was given by a network camera, which shows 15 of 64x48, and what it made of them."""
    port, seen = free_port(), folder / "seen.nv12"
    # A stream that ends is an error to ffmpeg.
    watch = [needs_program("ffmpeg"), *shlex.split(f"-v fatal -nostdin -i {url(port)} -f rawvideo -pix_fmt nv12 -")]
    steps = (watch, ["tee", seen], [program, bundle, 64, 48])
    line = " | ".join(shlex.join(map(str, step)) for step in steps)
    with camera(camera_clip(folder / "clip.avi", 15), port):
        done = subprocess.run(line, shell=True, cwd="/", env=outside(), capture_output=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")
    data, size = seen.read_bytes(), nv12(64, 48)
    assert len(data) >= 10 * size
    return [data[start : start + size] for start in range(0, len(data), size)], done.stdout


def test_every_frame_is_enlarged(program: Path, tmp_path: Path):
    bundle = make_bundle(tmp_path / "upscaler.plens")
    done = run(program, bundle, WIDTH, HEIGHT, given=b"".join(film()))
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout) == FRAMES * LARGE
    assert done.stdout == through_the_runtime(bundle, film(), (WIDTH, HEIGHT), (2 * WIDTH, 2 * HEIGHT))


def test_frames_are_put_between_others(program: Path, tmp_path: Path):
    bundle = make_interpolator(tmp_path / "interpolator.plens", align=4)
    done = run(program, bundle, WIDTH, HEIGHT, given=b"".join(film()))
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout) == (2 * FRAMES - 1) * SMALL
    assert done.stdout == through_the_runtime(bundle, film(), (WIDTH, HEIGHT), (WIDTH, HEIGHT))


def test_a_live_stream_is_enlarged(program: Path, tmp_path: Path):
    bundle = make_bundle(tmp_path / "upscaler.plens")
    seen, made = live(program, bundle, tmp_path)
    assert len(made) == len(seen) * nv12(128, 96)
    assert made == through_the_runtime(bundle, seen, (64, 48), (128, 96))


def test_a_live_stream_gets_frames_between_its_own(program: Path, tmp_path: Path):
    bundle = make_interpolator(tmp_path / "interpolator.plens", {("fp32", "motion"): moving_graph(1)})
    seen, made = live(program, bundle, tmp_path)
    assert len(made) == (2 * len(seen) - 1) * nv12(64, 48)
    assert made == through_the_runtime(bundle, seen, (64, 48), (64, 48))


def test_a_frame_that_is_cut_off_is_left_out(program: Path, tmp_path: Path):
    bundle = make_bundle(tmp_path / "upscaler.plens")
    done = run(program, bundle, WIDTH, HEIGHT, given=film()[0] + b"\x80" * (SMALL - 1))
    assert (done.returncode, len(done.stdout)) == (0, LARGE)


def test_failures_are_told_in_a_line(program: Path):
    done = run(program, "no-such-model", WIDTH, HEIGHT)
    assert done.returncode == 1
    assert done.stderr.startswith(b"camera: ") and b"no-such-model" in done.stderr and done.stderr.count(b"\n") == 1
    assert run(program, "sesr-x2", "wide", HEIGHT).returncode == 2
    assert run(program, "sesr-x2", 2**31 - 1, 2**31 - 1).stderr == b"camera: no memory for frames so large (-202)\n"


def test_the_program_is_short():
    assert len(CAMERA.read_text(encoding="utf-8").splitlines()) < 60
