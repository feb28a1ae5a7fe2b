"""What the runtime costs on top of the bare engine call, measured side by side in one run.

    python benchmarks/runtime_cost.py

The bare call is the engine's own, on arrays that are there already: of the `float` graph, which sees luma, for planar
and grey frames, and of the `frame` graph, which takes and gives BGR bytes, for BGR. Beside it a frame goes through
`Session.process`, and from the caller's memory into the caller's memory through `push` and `pull`. A cost is the
median, over rounds in which all take turns, of a call's time less the bare call's; `noise` is the same of the bare
call of `float` itself, made twice a round. Writes `benchmarks/results/runtime_cost.json`.
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


def bare(session: Session, face: str, height: int, width: int, threads: int) -> Callable[[], object]:
    """The engine's own call of a graph, on arrays that are there already."""
    bundle, engine = open_bundle(MODEL), ENGINES.get(session.engine)
    program, facts = engine.load(bundle.graph(session.precision, face, engine.reads), threads), bundle.manifest
    random, large = np.random.default_rng(0), (facts.scale * height, facts.scale * width)
    if face == "frame":
        given = random.integers(0, 256, (1, height, width, 3), np.uint8)
        made = np.empty((1, *large, 3), np.uint8)
    else:
        given = random.random((1, facts.channels, height, width), np.float32)
        made = np.empty((1, facts.channels, *large), np.float32)
    feeds, out = {facts.inputs[0]: given}, {facts.output: made}
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
        faces = {"float": "float", "frame": "frame", "noise": "float"}
        calls = {name: bare(session, face, height, width, threads) for name, face in faces.items()}
        for form, size in BYTES.items():
            small, large = (np.random.default_rng(0).bytes(int(size * n * height * width)) for n in (1, 4))
            frame = Descriptor(small, form, width, height)
            out = Descriptor(bytearray(large), form, 2 * width, 2 * height)
            calls[f"Session {form.name}"] = through_session(session, frame)
            calls[f"api {form.name}"] = through_api(handle, frame, out)
        series = timed(calls, rounds)
        engine = session.engine
    api.destroy(handle)
    bare_times = {face: series.pop(face) for face in ("float", "frame")}
    rows = {}
    for name, times in series.items():
        face = "frame" if name.endswith("BGR24") else "float"
        ms = float(np.median(times - bare_times[face]))
        rows[name] = {"beyond": face, "ms": ms, "share": ms / float(np.median(bare_times[face]))}
    return {
        "engine": engine,
        "bare_ms": {face: float(np.median(times)) for face, times in bare_times.items()},
        "cost": rows,
    }


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
            told = ", ".join(f"{ms:.2f} ms {face}" for face, ms in found["bare_ms"].items())
            print(f"{width}x{height} {precision} on {found['engine']}: {told}")
            for name, row in found["cost"].items():
                print(f"  {name}: {row['ms']:+.3f} ms beyond {row['beyond']}, {row['share']:+.1%}")
    write_text(chosen.out, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
