"""What the runtime costs on top of the bare engine call, measured side by side in one run.

    python benchmarks/runtime_cost.py

The bare call is the float graph on arrays that are there already. Beside it a frame goes through `Session.process`,
and from the caller's memory into the caller's memory through `push` and `pull`. A cost is the median, over rounds
in which all take turns, of a call's time less the bare call's; `noise` is the same of the bare call itself, made
twice a round. Writes `benchmarks/results/runtime_cost.json`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from interleaved import timed
from pocketlens.core.catalog import ENGINES
from pocketlens.core.files import write_text
from pocketlens.runtime import Session, api
from pocketlens.runtime.api import Descriptor, PixelFormat, Status
from pocketlens.runtime.convert import taken
from pocketlens.runtime.machine import processor_features
from pocketlens.runtime.resolve import open_bundle

HERE = Path(__file__).parent
MODEL = "sesr-x2"
BYTES = {PixelFormat.NV12: 1.5, PixelFormat.I420: 1.5, PixelFormat.BGR24: 3.0, PixelFormat.GRAY8: 1.0}
"""Formats and their bytes for each pixel."""
SIZES = {(360, 640): 1, (64, 64): 20}
"""Height and width, and how many times as many rounds they are given."""


def bare(session: Session, height: int, width: int, threads: int) -> Callable[[], object]:
    """The engine's own call, on arrays that are there already."""
    bundle, engine = open_bundle(MODEL), ENGINES.get(session.engine)
    program, facts = engine.load(bundle.graph(session.precision, "float", engine.reads), threads), bundle.manifest
    shape = (1, facts.channels, height, width)
    feeds = {facts.inputs[0]: np.random.default_rng(0).random(shape, np.float32)}
    out = {facts.output: np.empty((*shape[:2], *(facts.scale * side for side in shape[2:])), np.float32)}
    return lambda: program.run(feeds, out)


def through_session(session: Session, frame: Descriptor) -> Callable[[], object]:
    """A frame of a video through `Session.process`."""
    given = taken(frame, session.formats)
    return lambda: list(session.process(given))


def through_api(handle: int, frame: Descriptor, out: Descriptor) -> Callable[[], object]:
    """A frame through `push` and `pull`."""

    def call() -> None:
        assert (api.push(handle, frame), api.pull(handle, out)) == (Status.OK, Status.OK), api.last_error(handle)

    return call


def costs(precision: str, height: int, width: int, threads: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of the bare call, and what each way to pass a frame costs beyond it."""
    _, handle = api.create(MODEL, {"precision": precision, "threads": threads})
    assert api.load(handle) == Status.OK, api.last_error(handle)
    with Session.open(MODEL, precision=precision, threads=threads) as session:
        calls = {name: bare(session, height, width, threads) for name in ("bare", "noise")}
        for form, size in BYTES.items():
            small, large = (np.random.default_rng(0).bytes(int(size * n * height * width)) for n in (1, 4))
            frame = Descriptor(small, form, width, height)
            out = Descriptor(bytearray(large), form, 2 * width, 2 * height)
            calls[f"Session {form.name}"] = through_session(session, frame)
            calls[f"api {form.name}"] = through_api(handle, frame, out)
        series = timed(calls, rounds)
        engine = session.engine
    api.destroy(handle)
    reference = series.pop("bare")
    median = float(np.median(reference))
    found = {name: float(np.median(times - reference)) for name, times in series.items()}
    rows = {name: {"ms": ms, "share": ms / median} for name, ms in found.items()}
    return {"engine": engine, "bare_ms": median, "beyond": rows}


def main() -> None:
    """Measure everything, print it and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "runtime_cost.json")
    chosen = parser.parse_args()
    results: dict[str, Any] = {"model": MODEL, "threads": chosen.threads, "processor": processor_features()}
    for (height, width), more in SIZES.items():
        for precision in ("int8", "fp32"):
            found = costs(precision, height, width, chosen.threads, chosen.rounds * more)
            results[f"{width}x{height} {precision}"] = found
            print(f"{width}x{height} {precision} on {found['engine']}: {found['bare_ms']:.2f} ms bare")
            for name, row in found["beyond"].items():
                print(f"  {name}: {row['ms']:+.3f} ms, {row['share']:+.1%}")
    write_text(chosen.out, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
