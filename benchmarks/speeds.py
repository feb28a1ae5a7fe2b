"""How fast each shipped model is next to its network as published and to a teacher's: the speeds of `docs/models.md`.

    python benchmarks/speeds.py

The shipped bundle runs as `auto` has it; the network as published is its fp32 graph on onnxruntime. The teacher's is
RIFE's for interpolators, realesr-general-x4v3's for upscalers of worn pictures, and ESRGAN's for the others (x3 has
none of its own, and gets that of x4), at its published size, in fp32 on OpenVINO, which is the faster of the two for
it. Its weights are random, for speed does not hang on them. Models of one task, scale and teacher take turns on frames
of 320x192 and two threads. Writes `benchmarks/results/speeds.json`; `benchmarks/models.py` puts it on the page.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
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
    if facts.task == "interpolate":
        name, chosen = "rife", {}
    elif facts.degradation == "real":
        name, chosen = "srvgg", {"scale": 4, "convs": 32}
    else:
        name, chosen = "esrgan", {"scale": 2 if facts.scale == 2 else 4}
    model = NETWORKS.get(name)
    options = model.options(**chosen)
    spec = model.spec(options)
    graph = Graphs(Checkpoint(name, options, spec.build().eval(), "random")).build("fp32")
    program = ENGINES.get("openvino").load(graph.SerializeToString(), THREADS)
    feeds = {each: np.random.default_rng(0).random((1, 3, HEIGHT, WIDTH), np.float32) for each in spec.inputs}
    if MOMENT in feeds:
        feeds[MOMENT] = np.array([0.5], np.float32)
    return program, lambda: program.run(feeds)


def speeds(names: Sequence[str]) -> dict[str, dict[str, object]]:
    """Of models with one teacher: milliseconds of one picture, and how many times as fast the shipped one is."""
    bundles = {name: open_bundle(name) for name in names}
    ways = {name: choices(bundle.manifest)[0] for name, bundle in bundles.items()}
    calls: dict[str, Callable[[], object]] = {}
    with ExitStack() as opened:
        for name, bundle in bundles.items():
            plain = next(way for way in ways[name] if (way.name, way.precision) == PUBLISHED)
            for key, way in {"shipped": ways[name][0], "published": plain}.items():
                program = opened.enter_context(closing(way.load(bundle, THREADS)))
                calls[f"{name} {key}"] = program.trial(HEIGHT, WIDTH)
        program, calls["teacher"] = teacher_of(bundles[names[0]].manifest)
        opened.enter_context(closing(program))
        found = medians(calls, ROUNDS)
    return {name: _told(str(ways[name][0]), name, found) for name in names}


def _told(way: str, name: str, found: Mapping[str, float]) -> dict[str, object]:
    ms = {key: found[f"{name} {key}"] for key in ("shipped", "published")} | {"teacher": found["teacher"]}
    ratios = {f"of_{key}": ms[key] / ms["shipped"] for key in ("published", "teacher")}
    return {"way": way, "ms": ms, "times_as_fast": ratios}


def main() -> None:
    """Measure all, print and write."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    alike: dict[tuple[str, int, str], list[str]] = {}
    for name in shipped_bundles():
        manifest = open_bundle(name).manifest
        alike.setdefault((manifest.task, manifest.scale, manifest.degradation), []).append(name)
    found: dict[str, dict[str, object]] = {}
    for names in alike.values():
        found |= speeds(names)
        print(json.dumps({name: found[name] for name in names}), flush=True)
    write_text(RESULTS, json.dumps(dict(sorted(found.items())), indent=1) + "\n")


if __name__ == "__main__":
    main()
