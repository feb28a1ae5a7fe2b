"""What push and pull cost from C against what they cost from Python: the same frames through both, in turn.

    python benchmarks/c_face.py

Three programs, each in a process of its own, take some frames in turn, with another one first each time: one in C, one
in Python, and that one once more; what Python's two series differ by is noise. Of each turn the first frame is not
counted: it finds the caches full of what the others left, and its bytes are summed up, to see that all make the same.
Writes `benchmarks/results/c_face.json`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from pocketlens.core.files import write_text
from pocketlens.runtime import api
from pocketlens.runtime.api import Descriptor, PixelFormat, Status
from pocketlens.runtime.capi.build import build
from pocketlens.runtime.machine import processor_features

HERE = Path(__file__).parent
MODEL, ENGINE, COUNT, TURN, WARM_UP = "sesr-x2", "openvino", 8, 7, 2


class Program:
    """A program that is given frames, and pushes and pulls the next of them when it is told to."""

    def __init__(self, command: list[Any], frames: np.ndarray) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([str(word) for word in command], stdin=pipe, stdout=pipe)
        self._tell(frames.tobytes())

    def __call__(self, summed: bool) -> tuple[float, int]:
        """Milliseconds of the next frame, and, if wanted, the sum of the bytes of what came out."""
        self._tell(b"s" if summed else b"-")
        assert self._process.stdout
        milliseconds, total = self._process.stdout.readline().split()
        return float(milliseconds), int(total)

    def _tell(self, data: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def close(self) -> None:
        """End the program, which must end well."""
        self._process.communicate()
        assert self._process.returncode == 0


def serve(model: str, engine: str, threads: int, width: int, height: int, count: int) -> None:
    """What `c_face.c` does, in Python."""
    _, handle = api.create(model, {"engine": engine, "threads": threads})
    assert api.load(handle) == Status.OK, api.last_error(handle)
    size = width * height * 3 // 2
    frames, made = [sys.stdin.buffer.read(size) for _ in range(count)], np.empty(4 * size, np.uint8)
    given = Descriptor(frames[0], PixelFormat.NV12, width, height)
    out = Descriptor(made, PixelFormat.NV12, 2 * width, 2 * height)
    while letter := sys.stdin.buffer.read(1):
        given.data = frames[given.pts % count]
        start = time.perf_counter()
        assert api.push(handle, given) == Status.OK and api.pull(handle, out) == Status.OK
        taken = (time.perf_counter() - start) * 1e3
        print(taken, made.sum(dtype=np.uint64) if letter == b"s" else 0, flush=True)
        given.pts += 1
    assert api.destroy(handle) == Status.OK


def compare(program: Path, width: int, height: int, threads: int, rounds: int) -> dict[str, float]:
    """Medians over the frames of `rounds` turns; every frame must come out the same."""
    frames = np.random.default_rng(0).integers(0, 256, (COUNT, width * height * 3 // 2), np.uint8)
    facts = [MODEL, ENGINE, threads, width, height, COUNT]
    python = [sys.executable, __file__, "--serve", *facts]
    commands = {"c_ms": [program, *facts], "python_ms": python, "python_again_ms": python}
    faces = {name: Program(command, frames) for name, command in commands.items()}
    series: dict[str, list[float]] = {name: [] for name in faces}
    for turn in range(WARM_UP + rounds):
        names = [*faces][turn % len(faces) :] + [*faces][: turn % len(faces)]
        answers = {name: [faces[name](summed=not frame) for frame in range(TURN)] for name in names}
        assert len({tuple(total for _, total in each) for each in answers.values()}) == 1, "C and Python differ"
        for name, each in answers.items():
            series[name] += [milliseconds for milliseconds, _ in each[1:] if turn >= WARM_UP]
    for face in faces.values():
        face.close()
    found = {name: float(np.median(values)) for name, values in series.items()}
    ratio = found["c_ms"] / found["python_ms"]
    return {**found, "c_to_python": ratio, "noise": abs(found["python_again_ms"] / found["python_ms"] - 1)}


def main() -> None:
    """Build the library and the program, and measure at the size of a video and at one where all is overhead."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "c_face.json")
    parser.add_argument("--serve", nargs=6, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        model, engine, *numbers = chosen.serve
        return serve(model, engine, *map(int, numbers))
    results: dict[str, Any] = {"model": MODEL, "threads": chosen.threads, "processor": processor_features()}
    with tempfile.TemporaryDirectory() as name:
        library, program = Path(name, "capi"), Path(name, "c_face")
        build(library)
        linked = ["-I", library, "-L", library, "-lpocketlens", f"-Wl,-rpath,{library}"]
        subprocess.run(["cc", "-O2", HERE / "c_face.c", "-o", program, *linked], check=True)
        for width, height in ((640, 360), (64, 64)):
            results[f"{height}x{width}"] = compare(program, width, height, chosen.threads, chosen.rounds)
    print(json.dumps(results, indent=1))
    write_text(chosen.out, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
