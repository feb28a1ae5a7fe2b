"""The speed and memory claims of the upscaling chain, measured side by side in one run.

    make bench

Ratios are of medians of interleaved calls, so that what slows the machine slows both sides; run it on
a quiet machine all the same. Writes `benchmarks/results/spine.json`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np
from interleaved import in_turns, turn_of
from peer import Peer
from pocketlens.core.colour import to_network
from pocketlens.core.files import write_text
from pocketlens.runtime import Session
from pocketlens.runtime.machine import processor_features
from video import HEIGHT, THREADS, WIDTH, on_video

HERE = Path(__file__).parent


def against_opencv(weights: Path, rounds: int) -> dict[str, Any]:
    """int8 sesr-x2 on OpenVINO against FSRCNN in OpenCV's dnn_superres, BGR in and out.

    Ours once as a network on a luma plane, which is what a video takes, and once as BGR in and out.
    """
    picture = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        frame = Path(folder, "frame.npy")
        np.save(frame, picture.transpose(2, 0, 1)[None])
        peer = opened.enter_context(closing(Peer("dnn_superres.py", weights, frame, "", threads=THREADS)))
        session = Session.open("sesr-x2", engine="openvino", precision="int8", threads=THREADS)
        opened.enter_context(session)
        luma = to_network(picture, 1)
        turns = {"dnn_superres_ms": peer, "luma_ms": turn_of(lambda: session.network(luma))}
        turns["bgr_ms"] = turn_of(lambda: session.upscale(picture))
        found = {name: float(np.median(series)) for name, series in in_turns(turns, rounds).items()}
    ratios = {f"times_as_fast_{name}": found["dnn_superres_ms"] / found[f"{name}_ms"] for name in ("luma", "bgr")}
    return {**found, **ratios}


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
    parser.add_argument("--fsrcnn-pb", type=Path, help="FSRCNN_x2.pb for dnn_superres")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "spine.json")
    chosen = parser.parse_args()
    results: dict[str, Any] = {"threads": THREADS, "size": f"{HEIGHT}x{WIDTH}", "processor": processor_features()}
    if chosen.fsrcnn_pb:
        results["sesr-x2 int8 against dnn_superres FSRCNN"] = against_opencv(chosen.fsrcnn_pb, chosen.rounds)
    else:
        print("no --fsrcnn-pb: not measured against dnn_superres", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        for seconds in (10, 40):
            results[f"30 fps clip of {seconds} s"] = on_video("sesr-x2", seconds, Path(folder))
    results["pocketlens --help"] = on_help(10)
    for name, values in results.items():
        print(f"{name}: {values}")
    write_text(chosen.out, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
