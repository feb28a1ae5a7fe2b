"""What the runtime costs on top of the bare engine call, measured side by side in one run.

    python benchmarks/runtime_cost.py

A bare call is the engine's own, on arrays that are there already. For planar and grey frames it is that of the `float`
graph, which sees luma: on `floats`, as the graph has them, and on `bytes`, which our engine converts on its way if it
can. For BGR it is that of the `frame` graph, which takes and gives BGR bytes. Beside it a frame goes through
`Session.process`, and from the caller's memory into the caller's memory through `push` and `pull`. A cost is the
median, over rounds in which all take turns, of a call's time less the bare call's; `noise` is the same of the bare
call on `floats` itself, made twice a round. Writes `benchmarks/results/runtime_cost.json`.
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
SIZES = (360, 640), (64, 64)
"""Height and width."""
BARE = {"floats": ("float", np.float32), "bytes": ("float", np.uint8), "frame": ("frame", np.uint8)}
"""Bare calls: the face, and the kind of what goes in and comes out."""


def bare(session: Session, name: str, height: int, width: int, threads: int) -> Callable[[], object]:
    """The engine's own call of a graph, on arrays that are there already."""
    bundle, engine, (face, kind) = open_bundle(MODEL), ENGINES.get(session.engine), BARE[name]
    program, facts = engine.load(bundle.graph(session.precision, face, engine.reads), threads), bundle.manifest
    shapes = [(1, facts.channels, side * height, side * width) for side in (1, facts.scale)]
    if face == "frame":
        shapes = [(*shape[::2], shape[3], 3) for shape in shapes]
    given = np.random.default_rng(0).integers(0, 256, shapes[0], np.uint8)
    given = given if kind is np.uint8 else given.astype(np.float32) / 255
    feeds, out = {facts.inputs[0]: given}, {facts.output: np.empty(shapes[1], kind)}
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
        known = [name for name in BARE if name != "bytes" or ENGINES.get(session.engine).takes_bytes]
        calls = {name: bare(session, name, height, width, threads) for name in known}
        calls["noise"] = bare(session, "floats", height, width, threads)
        for form, size in BYTES.items():
            small, large = (np.random.default_rng(0).bytes(int(size * n * height * width)) for n in (1, 4))
            frame = Descriptor(small, form, width, height)
            out = Descriptor(bytearray(large), form, 2 * width, 2 * height)
            calls[f"Session {form.name}"] = through_session(session, frame)
            calls[f"api {form.name}"] = through_api(handle, frame, out)
        series = timed(calls, rounds)
        engine = session.engine
    api.destroy(handle)
    references = {name: series.pop(name) for name in known}
    medians = {name: float(np.median(times)) for name, times in references.items()}
    rows = {}
    for name, times in series.items():
        alike = ["frame"] if name.endswith("BGR24") else [name for name in known if name != "frame"]
        beyond = {reference: float(np.median(times - references[reference])) for reference in alike}
        rows[name] = {reference: {"ms": ms, "share": ms / medians[reference]} for reference, ms in beyond.items()}
    return {"engine": engine, "bare_ms": medians, "cost": rows}


def main() -> None:
    """Measure everything, print it and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "runtime_cost.json")
    chosen = parser.parse_args()
    results: dict[str, Any] = {"model": MODEL, "threads": chosen.threads, "processor": processor_features()}
    for height, width in SIZES:
        for precision in ("int8", "fp32"):
            found = costs(precision, height, width, chosen.threads, chosen.rounds)
            results[f"{width}x{height} {precision}"] = found
            told = ", ".join(f"{ms:.2f} ms {name}" for name, ms in found["bare_ms"].items())
            print(f"{width}x{height} {precision} on {found['engine']}: {told}")
            for name, row in found["cost"].items():
                beyond = [f"{cost['ms']:+.3f} ms ({cost['share']:+.1%}) beyond {bare}" for bare, cost in row.items()]
                print(f"  {name}: {', '.join(beyond)}")
    write_text(chosen.out, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
