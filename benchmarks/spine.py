"""The speed and memory claims of the upscaling chain, measured side by side in one run.

    make bench

Ratios are of medians of interleaved calls, so that what slows the machine slows both sides; run it on
a quiet machine all the same. Writes `benchmarks/results/spine.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from pocketlens.core.colour import to_network
from pocketlens.core.files import write_text
from pocketlens.runtime import Session
from pocketlens.runtime.machine import peak, processor_features
from pocketlens.runtime.resolve import open_bundle
from video import HEIGHT, THREADS, WIDTH, on_video

HERE = Path(__file__).parent
WEIGHTS = HERE.parents[1] / "shared" / "weights" / "fsrcnn" / "FSRCNN_x2.pb"


class Peer:
    """`superres_peer.py` in its own interpreter."""

    def __init__(self, python: Path, weights: Path) -> None:
        command = [python, HERE / "superres_peer.py", weights, HEIGHT, WIDTH, THREADS]
        self._process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self) -> float:
        """Milliseconds of one call."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def against_opencv(python: Path, weights: Path, rounds: int) -> dict[str, Any]:
    """int8 sesr-x2 on OpenVINO against FSRCNN in OpenCV's dnn_superres, BGR in and out.

    Ours once as a network on a luma plane, which is what a video takes, and once as BGR in and out.
    """
    picture = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    peer = Peer(python, weights)
    with Session.open("sesr-x2", engine="openvino", precision="int8", threads=THREADS) as session:
        luma = to_network(picture, 1)
        calls = {"luma_ms": lambda: session.network(luma), "bgr_ms": lambda: session.upscale(picture)}
        series: dict[str, list[float]] = {"dnn_superres_ms": [], **{name: [] for name in calls}}
        for _ in range(rounds + 3):
            for name, call in calls.items():
                start = time.perf_counter()
                call()
                series[name].append((time.perf_counter() - start) * 1e3)
            series["dnn_superres_ms"].append(peer())
    peer.close()
    found = {name: float(np.median(values[3:])) for name, values in series.items()}
    ratios = {f"times_as_fast_{name.removesuffix('_ms')}": found["dnn_superres_ms"] / found[name] for name in calls}
    return {**found, **ratios}


def against_floor(model: str, rounds: int) -> dict[str, Any]:
    """The int8 network alone against its multiply-adds at the machine's int8 peak, both in this process."""
    bundle = open_bundle(model)
    x = np.random.default_rng(0).random((bundle.manifest.channels, HEIGHT, WIDTH), np.float32)
    milliseconds = []
    with Session.open(bundle, engine="openvino", precision="int8", threads=THREADS) as session:
        for _ in range(rounds + 3):
            start = time.perf_counter()
            session.network(x)
            milliseconds.append((time.perf_counter() - start) * 1e3)
    most = peak("int8", THREADS)
    assert most
    floor = 2 * bundle.manifest.macs_per_pixel * HEIGHT * WIDTH / most * 1e3
    median = float(np.median(milliseconds[3:]))
    return {"ms": median, "peak_gops": most / 1e9, "floor_ms": floor, "times_floor": median / floor}


def in_another_process(what: str, rounds: int, isa: str | None) -> dict[str, Any]:
    """`against_floor` with OpenVINO held to an instruction set, which is read when it starts."""
    environment = {**os.environ, **({"ONEDNN_MAX_CPU_ISA": isa} if isa else {})}
    command = [sys.executable, __file__, "--floor", what, "--rounds", str(rounds)]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def on_help(rounds: int) -> dict[str, Any]:
    """`pocketlens --help` as a whole process."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "pocketlens", "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    return {"median_s": float(np.median(seconds))}


def main() -> None:
    """Measure everything and print it as it comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", type=Path, default=HERE.parent / ".venv-peers" / "bin" / "python")
    parser.add_argument("--fsrcnn-pb", type=Path, default=WEIGHTS, help="FSRCNN_x2.pb for dnn_superres")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--floor", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.floor:
        print(json.dumps(against_floor(chosen.floor, chosen.rounds)))
        return
    results: dict[str, Any] = {"threads": THREADS, "size": f"{HEIGHT}x{WIDTH}", "processor": processor_features()}
    if chosen.fsrcnn_pb.exists():
        results["sesr-x2 int8 against dnn_superres FSRCNN"] = against_opencv(
            chosen.peer_python, chosen.fsrcnn_pb, chosen.rounds
        )
    else:
        print(f"no {chosen.fsrcnn_pb}: not measured against dnn_superres", file=sys.stderr)
    for isa in (None, "AVX512_CORE_VNNI"):
        label = f"sesr-x2 int8 against its floor, {isa or 'every instruction set'}"
        results[label] = in_another_process("sesr-x2", chosen.rounds, isa)
    with tempfile.TemporaryDirectory() as folder:
        for seconds in (10, 40):
            results[f"30 fps clip of {seconds} s"] = on_video("sesr-x2", seconds, Path(folder))
    results["pocketlens --help"] = on_help(10)
    for name, values in results.items():
        print(f"{name}: {values}")
    write_text(HERE / "results" / "spine.json", json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
