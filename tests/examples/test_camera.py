"""The camera program in C does with raw NV12 frames what the runtime does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from built import C89, CAMERA, build_library, compile_with, outside
from bundles import make_bundle
from interpolators import make_interpolator
from pocketlens.runtime import api
from pocketlens.runtime.api import Descriptor, PixelFormat, Status

WIDTH, HEIGHT, FRAMES = 7, 5, 9
SMALL, LARGE = 7 * 5 + 8 * 3, 14 * 10 * 3 // 2


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("camera")
    return compile_with(build_library(folder / "library"), C89, CAMERA, folder / "camera")


def film() -> list[bytes]:
    """Raw NV12 frames of noise."""
    noise = np.random.default_rng(0).integers(0, 256, (FRAMES, SMALL), dtype=np.uint8)
    return [frame.tobytes() for frame in noise]


def run(camera: Path, *words: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [str(word) for word in (camera, *words)]
    return subprocess.run(command, input=given, cwd="/", env=outside(), capture_output=True)


def through_the_runtime(bundle: Path, width: int, height: int) -> bytes:
    """The same film through the Python surface."""
    _, handle = api.create(str(bundle))
    assert api.load(handle) == Status.OK
    made, target = b"", bytearray(width * height + (width + 1) // 2 * ((height + 1) // 2) * 2)
    out = Descriptor(target, PixelFormat.NV12, width, height)
    for number, data in enumerate([*film(), None]):
        if data is None:
            api.flush(handle)
        else:
            assert api.push(handle, Descriptor(data, PixelFormat.NV12, WIDTH, HEIGHT, pts=number)) == Status.OK
        while api.pull(handle, out) == Status.OK:
            made += target
    api.destroy(handle)
    return made


def test_every_frame_is_enlarged(camera: Path, tmp_path: Path):
    bundle = make_bundle(tmp_path / "upscaler.plens")
    done = run(camera, bundle, WIDTH, HEIGHT, given=b"".join(film()))
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout) == FRAMES * LARGE
    assert done.stdout == through_the_runtime(bundle, 2 * WIDTH, 2 * HEIGHT)


def test_frames_are_put_between_others(camera: Path, tmp_path: Path):
    bundle = make_interpolator(tmp_path / "interpolator.plens", align=4)
    done = run(camera, bundle, WIDTH, HEIGHT, given=b"".join(film()))
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout) == (2 * FRAMES - 1) * SMALL
    assert done.stdout == through_the_runtime(bundle, WIDTH, HEIGHT)


def test_a_frame_that_is_cut_off_is_left_out(camera: Path, tmp_path: Path):
    bundle = make_bundle(tmp_path / "upscaler.plens")
    done = run(camera, bundle, WIDTH, HEIGHT, given=film()[0] + b"\x80" * (SMALL - 1))
    assert (done.returncode, len(done.stdout)) == (0, LARGE)


def test_failures_are_told_in_a_line(camera: Path):
    done = run(camera, "no-such-model", WIDTH, HEIGHT)
    assert done.returncode == 1
    assert done.stderr.startswith(b"camera: ") and b"no-such-model" in done.stderr and done.stderr.count(b"\n") == 1
    assert run(camera, "sesr-x2", "wide", HEIGHT).returncode == 2


def test_the_program_is_short():
    assert len(CAMERA.read_text(encoding="utf-8").splitlines()) < 60
