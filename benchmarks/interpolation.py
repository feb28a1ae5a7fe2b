"""The speed and memory claims of interpolation, measured side by side in one run.

    python benchmarks/interpolation.py --teacher flownet.pkl

Calls take turns, so that what slows the machine slows all; run it on a quiet machine all the same. Writes
`benchmarks/results/interpolation.json`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from interleaved import in_turns, medians, percentiles, turn_of
from pocketlens.core import checkpoint
from pocketlens.core.catalog import ENGINES
from pocketlens.core.files import write_text
from pocketlens.export.build import Graphs
from pocketlens.runtime.choose import choices
from pocketlens.runtime.machine import processor_features
from pocketlens.runtime.resolve import open_bundle
from video import HEIGHT, THREADS, WIDTH, on_video

HERE = Path(__file__).parent
MODEL = "ifnet-lite"


def middle_frames(rounds: int) -> dict[str, Any]:
    """A video's middle frames, from BGR to BGR, in every engine and precision: frames a second."""
    bundle = open_bundle(MODEL)
    networks = {f"{way.name} {way.precision}": way.load(bundle, THREADS) for way in choices(bundle.manifest)[0]}
    found = in_turns({name: turn_of(network.trial(HEIGHT, WIDTH)) for name, network in networks.items()}, rounds)
    for network in networks.values():
        network.close()
    rows = {name: percentiles(series) for name, series in found.items()}
    return {name: {**row, "frames_a_second": 1e3 / row["p50_ms"]} for name, row in rows.items()}


def against_teacher(weights: Path, rounds: int) -> dict[str, Any]:
    """RIFE and the student as fp32 `float` graphs in the same engine, and the student's int8 beside them."""
    teacher = Graphs(checkpoint.load(weights)).build("fp32", "float").SerializeToString()
    bundle, found = open_bundle(MODEL), {}
    align = bundle.manifest.align
    for engine in ("onnxruntime", "openvino"):
        load = ENGINES.get(engine).load
        programs = {
            "rife fp32": (load(teacher, THREADS), 64),
            **{f"{MODEL} {p}": (load(bundle.graph(p, "float"), THREADS), align) for p in ("fp32", "int8")},
        }
        times = medians({name: _call(*each) for name, each in programs.items()}, rounds)
        ratios = {name: times["rife fp32"] / ms for name, ms in times.items() if name != "rife fp32"}
        found[engine] = {"ms": times, "times_as_fast_as_rife": ratios}
    return found


def _call(program: Any, align: int) -> Callable[[], object]:
    height, width = (-(-side // align) * align for side in (HEIGHT, WIDTH))
    rng = np.random.default_rng(0)
    feeds = {name: rng.random((1, 3, height, width), np.float32) for name in ("before", "after")}
    feeds["t"] = np.array([0.5], np.float32)
    return lambda: program.run(feeds)


def main() -> None:
    """Measure everything, print it and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", type=Path, required=True, help="weights of RIFE 4")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "interpolation.json")
    chosen = parser.parse_args()
    results: dict[str, Any] = {"threads": THREADS, "size": f"{HEIGHT}x{WIDTH}", "processor": processor_features()}
    results["middle frames, BGR to BGR"] = middle_frames(chosen.rounds)
    results["float graphs against the teacher"] = against_teacher(chosen.teacher, max(2, chosen.rounds // 4))
    with tempfile.TemporaryDirectory() as folder:
        for seconds in (10, 40):
            run = on_video(MODEL, seconds, Path(folder), "--factor", "2")
            results[f"30 fps clip of {seconds} s to 60 fps"] = run
    for name, values in results.items():
        print(f"{name}: {values}")
    write_text(chosen.out, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
