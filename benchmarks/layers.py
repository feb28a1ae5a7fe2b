"""Where the time of a shipped model goes, operation by operation, next to the floor of each convolution.

    python benchmarks/layers.py sesr-x2 --precision int8
    python benchmarks/layers.py ifnet-lite --engine onnxruntime

By the engine's own profile, which slows small operations down: what counts is the share. Prints a table, or JSON with
`--json`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pocketlens.core.manifest import MOMENT
from pocketlens.runtime.choose import FACES
from pocketlens.runtime.engines.openvino import core, settings
from pocketlens.runtime.machine import Machine, measure
from pocketlens.runtime.openvino_graph import rewritten
from pocketlens.runtime.resolve import open_bundle
from pocketlens.runtime.roofline import layers, seconds
from pocketlens.runtime.sizes import parse_size
from pocketlens.runtime.tiles import round_up
from video import THREADS

Profile = dict[str, tuple[str, float]]
"""Operation -> what it is done by, and its milliseconds in one picture."""


def by_openvino(graph: bytes, feeds: Mapping[str, np.ndarray], pictures: int) -> Profile:
    """Medians of OpenVINO's profile."""
    model = core().read_model(graph)
    model.reshape({name: list(array.shape) for name, array in feeds.items()})
    compiled = core().compile_model(rewritten(model), "CPU", {**settings(THREADS), "PERF_COUNT": True})
    request = compiled.create_infer_request()
    times: dict[str, list[float]] = defaultdict(list)
    kinds = {}
    for _ in range(pictures):
        request.infer(dict(feeds))
        for one in request.get_profiling_info():
            if one.real_time.total_seconds():
                times[one.node_name].append(one.real_time.total_seconds() * 1e3)
                kinds[one.node_name] = f"{one.node_type} {one.exec_type}"
    return {name: (kinds[name], float(np.median(series))) for name, series in times.items()}


def by_onnxruntime(graph: bytes, feeds: Mapping[str, np.ndarray], pictures: int) -> Profile:
    """Medians of onnxruntime's profile."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.enable_profiling = THREADS, True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        for _ in range(pictures):
            session.run(None, dict(feeds))
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    times: dict[str, list[float]] = defaultdict(list)
    kinds = {}
    for event in events:
        if event["cat"] == "Node" and event["name"].endswith("_kernel_time"):
            name = event["name"].removesuffix("_kernel_time")
            times[name].append(event["dur"] / 1e3)
            kinds[name] = event["args"]["op_name"]
    return {name: (kinds[name], float(np.median(series))) for name, series in times.items()}


PROFILERS = {"openvino": by_openvino, "onnxruntime": by_onnxruntime}


def rows(profile: Profile, floors: Mapping[str, float]) -> list[dict[str, Any]]:
    """One for each operation, the longest first, with its share and the floor of a convolution that has its name."""
    total = sum(ms for _, ms in profile.values())
    found = [
        {"name": name, "kind": kind, "ms": ms, "share": ms / total, "floor_ms": floors.get(name)}
        for name, (kind, ms) in profile.items()
    ]
    return sorted(found, key=lambda row: -row["ms"])


def floors_of(graph: bytes, feeds: Mapping[str, np.ndarray], machine: Machine | None) -> dict[str, float]:
    """Convolution -> the milliseconds that it takes at least."""
    found = layers(graph, {name: array.shape for name, array in feeds.items()})
    return {layer.name: seconds(layer, machine) * 1e3 for layer in found} if machine else {}


def main() -> None:
    """Profile one model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--engine", choices=PROFILERS, default="openvino")
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--size", default="360x640", help="HEIGHTxWIDTH")
    parser.add_argument("--pictures", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    bundle, size = open_bundle(chosen.model), parse_size(chosen.size)
    facts, rng = bundle.manifest, np.random.default_rng(0)
    frame = (1, facts.channels, *(round_up(side, facts.align) for side in size))
    feeds = {name: rng.random((1,) if name == MOMENT else frame, np.float32) for name in facts.inputs}
    graph = bundle.graph(chosen.precision, FACES[facts.task][0])
    profile = PROFILERS[chosen.engine](graph, feeds, chosen.pictures)
    found = rows(profile, floors_of(graph, feeds, measure(THREADS)))
    if chosen.json:
        return print(json.dumps(found, indent=1))
    for row in found:
        floor = f"{row['floor_ms']:8.3f}" if row["floor_ms"] else " " * 8
        print(f"{row['ms']:8.3f} ms {row['share']:6.1%} {floor}  {row['kind']:45} {row['name']}")
    print(f"{sum(row['ms'] for row in found):8.3f} ms in all; beside each convolution its floor")


if __name__ == "__main__":
    main()
