"""What each step towards the floor gains, and what was tried and does not: the same network, side by side in one run.

    python benchmarks/steps.py

FSRCNN in fp32 and SESR in int8 on OpenVINO, on a plane of 640x360 in bytes: the graph as it was exported, with each
change of `runtime/openvino_graph.py`, and, so changed, cut up in several ways. Writes `benchmarks/results/steps.json`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from interleaved import in_turns, noise, percentiles, turn_of
from pocketlens.core.bundle import Bundle
from pocketlens.core.files import write_text
from pocketlens.runtime.choose import choices
from pocketlens.runtime.engines import openvino
from pocketlens.runtime.machine import processor_features
from pocketlens.runtime.openvino_graph import rewritten, with_plain_convolutions, without_last_shuffle
from pocketlens.runtime.resolve import open_bundle
from video import HEIGHT, THREADS, WIDTH

HERE = Path(__file__).parent
NETWORKS = (("fsrcnn-x2", "fp32"), ("sesr-x2", "int8"))
Change = Callable[[Any], Any]


def _nothing_left(_model: Any) -> frozenset[str]:
    return frozenset()


STEPS: dict[str, tuple[Change, Change]] = {
    "as exported": (lambda model: model, _nothing_left),
    "plain convolutions": (with_plain_convolutions, _nothing_left),
    "and wide heads": (rewritten, _nothing_left),
    "and shuffled by us, as it is run": (rewritten, without_last_shuffle),
}
"""What is done to a graph before it is compiled, and what of it is left to do afterwards."""
CHOSEN = [*STEPS][-1]
TILES = (64, 128, 320)

Call = Callable[[], object]


def network(bundle: Bundle, precision: str, step: str, threads: int = THREADS, tile: int | None = None) -> Any:
    """A bundle on OpenVINO whose graph is changed up to one of the steps, loaded and compiled."""
    (way,) = choices(bundle.manifest, "openvino", precision)[0]
    change, leave = STEPS[step]
    # What is kept on disk is named by the graph as it was exported, and would be one and the same for every step.
    anew = patch.object(openvino, "compiled_once", lambda _core, _settings, _of, compile_it: compile_it())
    with anew, patch.multiple(openvino, rewritten=change, without_last_shuffle=leave):
        loaded: Any = way.load(bundle, threads, tile)
        loaded(_frame())
    return loaded


def _frame() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (1, HEIGHT, WIDTH), np.uint8)


def calls_of(bundle: Bundle, precision: str) -> dict[str, Call]:
    """Each step, the chosen one once more, and what was tried on top of it."""
    frame = _frame()

    def call(step: str, tile: int | None = None) -> Call:
        loaded = network(bundle, precision, step, tile=tile)
        return lambda: loaded(frame)

    found = {step: call(step) for step in STEPS}
    found["the same, again"] = call(CHOSEN)
    found |= {f"in tiles of {tile}": call(CHOSEN, tile) for tile in TILES}
    return found | {"in two halves, a thread each": halves(bundle, precision, frame)}


def halves(bundle: Bundle, precision: str, frame: np.ndarray) -> Call:
    """The upper and the lower half, each with the rows that it must see of the other, at once."""
    loaded = [network(bundle, precision, CHOSEN, threads=1) for _ in range(2)]
    seen = HEIGHT // 2 + bundle.manifest.reach
    parts = [np.ascontiguousarray(frame[:, rows]) for rows in (slice(seen), slice(HEIGHT - seen, None))]
    pool, edge = ThreadPoolExecutor(2), bundle.manifest.scale * bundle.manifest.reach

    def call() -> np.ndarray:
        upper, lower = pool.map(lambda one, part: one(part), loaded, parts)
        return np.concatenate((upper[:, :-edge], lower[:, edge:]), axis=1)

    call()
    return call


def main() -> None:
    """Measure everything, print it and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "steps.json")
    chosen = parser.parse_args()
    results: dict[str, Any] = {"size": f"{HEIGHT}x{WIDTH}", "threads": THREADS, "processor": processor_features()}
    results["networks"] = {}
    for name, precision in NETWORKS:
        calls = calls_of(open_bundle(name), precision)
        series = in_turns({step: turn_of(call) for step, call in calls.items()}, chosen.rounds)
        again = series.pop("the same, again")
        rows = {step: percentiles(values) for step, values in series.items()}
        results["networks"][f"{name} {precision}"] = {"noise": noise(series[CHOSEN], again), "rows": rows}
        for step, row in rows.items():
            print(f"{name} {precision}: {step:32} {row['p50_ms']:8.2f} ms")
    write_text(chosen.out, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
