"""How fast each shipped model is next to its network as published and to a teacher's: the speeds of `docs/models.md`.

    python benchmarks/speeds.py

The shipped bundle runs as `auto` has it; the network as published is its fp32 graph on onnxruntime. The teacher's is
ESRGAN's for upscalers and RIFE's for interpolators, at its published size, in fp32 on OpenVINO, which is the faster of
the two for it. Its weights are random, for speed does not hang on them. All take turns on frames of 320x192, on two
threads. Writes `benchmarks/results/speeds.json`; `benchmarks/models.py` puts it on the page.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
from interleaved import medians
from pocketlens.core.catalog import ENGINES, NETWORKS
from pocketlens.core.checkpoint import Checkpoint
from pocketlens.core.files import write_text
from pocketlens.core.locate import shipped_bundles
from pocketlens.core.manifest import MOMENT, Manifest
from pocketlens.export.build import Graphs
from pocketlens.runtime.choose import choices
from pocketlens.runtime.engine import Program
from pocketlens.runtime.resolve import open_bundle

RESULTS = Path(__file__).parent / "results" / "speeds.json"
HEIGHT, WIDTH, THREADS = 192, 320, 2
PUBLISHED = ("onnxruntime", "fp32")
ROUNDS = 3


def teacher_of(facts: Manifest) -> tuple[Program, Callable[[], object]]:
    """Its graph, loaded, and a call of it."""
    name, chosen = ("rife", {}) if facts.task == "interpolate" else ("esrgan", {"scale": facts.scale})
    model = NETWORKS.get(name)
    options = model.options(**chosen)
    spec = model.spec(options)
    graph = Graphs(Checkpoint(name, options, spec.build().eval(), "random")).build("fp32")
    program = ENGINES.get("openvino").load(graph.SerializeToString(), THREADS)
    feeds = {each: np.random.default_rng(0).random((1, 3, HEIGHT, WIDTH), np.float32) for each in spec.inputs}
    if MOMENT in feeds:
        feeds[MOMENT] = np.array([0.5], np.float32)
    return program, lambda: program.run(feeds)


def speeds(name: str) -> dict[str, object]:
    """Milliseconds of one picture, and how many times as fast the shipped model is."""
    bundle = open_bundle(name)
    ways = choices(bundle.manifest)[0]
    plain = next(way for way in ways if (way.name, way.precision) == PUBLISHED)
    with ExitStack() as opened:
        calls = {
            key: opened.enter_context(closing(way.load(bundle, THREADS))).trial(HEIGHT, WIDTH)
            for key, way in {"shipped": ways[0], "published": plain}.items()
        }
        program, calls["teacher"] = teacher_of(bundle.manifest)
        opened.enter_context(closing(program))
        ms = medians(calls, ROUNDS)
    ratios = {f"of_{key}": ms[key] / ms["shipped"] for key in ("published", "teacher")}
    return {"way": str(ways[0]), "ms": ms, "times_as_fast": ratios}


def main() -> None:
    """Measure all, print and write."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    found = {}
    for name in shipped_bundles():
        found[name] = speeds(name)
        print(name, json.dumps(found[name]), flush=True)
    write_text(RESULTS, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
