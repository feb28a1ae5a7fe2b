"""SESR in int8 against the least time that this machine allows it, with 16 channels as shipped and with 32.

    python benchmarks/floor.py

The network takes and gives bytes, as it does for video. Two floors, from peaks measured in the same process between its
turns: that of its multiply-adds at the machine's int8 peak, and that of each layer's multiply-adds or of its maps,
read and written once, whichever takes longer. Both with whatever instructions OpenVINO finds, and with it held to
AVX512-VNNI, as CPUs without AMX have it. The network of 32 channels has random weights: its time does not depend on
them. Writes `benchmarks/results/floor.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from interleaved import in_turns, percentiles, turn_of
from pocketlens.core.catalog import ENGINES
from pocketlens.core.checkpoint import Checkpoint
from pocketlens.core.files import write_text
from pocketlens.export.build import Graphs
from pocketlens.export.calibration import on_pictures
from pocketlens.runtime.machine import Machine, measure, processor_features
from pocketlens.runtime.resolve import open_bundle
from pocketlens.runtime.roofline import Layer, floor, layers
from pocketlens.students.sesr import MODEL, Options
from video import HEIGHT, THREADS, WIDTH

HERE = Path(__file__).parent
INSTRUCTIONS = {"every instruction set": "", "AVX512-VNNI": "AVX512_CORE_VNNI"}
SHAPE = 1, 1, HEIGHT, WIDTH
WIDE = 32


def wide_graph() -> bytes:
    """SESR-M5 with 32 channels and random weights, in int8."""
    torch.manual_seed(0)
    options = Options(channels=WIDE)
    trained = Checkpoint("sesr", options, MODEL.spec(options).build().eval(), "")
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    return Graphs(trained, on_pictures(pictures, trained.spec)).build("int8").SerializeToString()


def against_floor(graphs: dict[str, bytes], rounds: int) -> dict[str, Any]:
    """Each network's time and its floors; what the machine gives is measured before, between and after."""
    frame = np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8)
    made = np.empty((*SHAPE[:2], 2 * HEIGHT, 2 * WIDTH), np.uint8)
    programs = {name: ENGINES.get("openvino").load(graph, THREADS) for name, graph in graphs.items()}
    turns = {
        name: turn_of(lambda one=one: one.run({"frame": frame}, {"upscaled": made})) for name, one in programs.items()
    }
    parts, machines = [], [measure(THREADS)]
    for _ in range(3):
        parts.append(in_turns(turns, max(1, rounds // 3)))
        machines.append(measure(THREADS))
    machine = most(machines)
    rows = {
        name: row(np.concatenate([part[name].ravel() for part in parts]), layers(graph, {"frame": SHAPE}), machine)
        for name, graph in graphs.items()
    }
    return {"peak_gops": machine.operations["int8"] / 1e9, "bandwidth_gbs": machine.bandwidth / 1e9, "networks": rows}


def most(machines: list[Machine | None]) -> Machine:
    """The most of each that was ever seen."""
    seen = [machine for machine in machines if machine]
    operations = {kind: max(one.operations[kind] for one in seen) for kind in seen[0].operations}
    return Machine(operations, max(one.bandwidth for one in seen))


def row(milliseconds: np.ndarray, found: list[Layer], machine: Machine) -> dict[str, float]:
    """Percentiles, floors in milliseconds, and how many times them the median is."""
    times = percentiles(milliseconds)
    arithmetic = sum(layer.operations / machine.operations[layer.arithmetic] for layer in found) * 1e3
    least = floor(found, machine) * 1e3
    moved = sum(layer.moved for layer in found)
    return {
        **times,
        "arithmetic_floor_ms": arithmetic,
        "times_arithmetic_floor": times["p50_ms"] / arithmetic,
        "floor_ms": least,
        "times_floor": times["p50_ms"] / least,
        "share_of_bandwidth": moved / machine.bandwidth / times["p50_ms"] * 1e3,
    }


def in_another_process(folder: Path, rounds: int, instructions: str) -> dict[str, Any]:
    """`against_floor` with OpenVINO held to an instruction set, which is read when it starts."""
    environment = {**os.environ, **({"ONEDNN_MAX_CPU_ISA": instructions} if instructions else {})}
    command = [sys.executable, __file__, "--graphs", str(folder), "--rounds", str(rounds)]
    return json.loads(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main() -> None:
    """Measure everything, print it and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "floor.json")
    parser.add_argument("--graphs", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.graphs:
        graphs = {path.stem: path.read_bytes() for path in sorted(chosen.graphs.glob("*.onnx"))}
        print(json.dumps(against_floor(graphs, chosen.rounds)))
        return
    results: dict[str, Any] = {"size": f"{HEIGHT}x{WIDTH}", "threads": THREADS, "processor": processor_features()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "16 channels.onnx").write_bytes(open_bundle("sesr-x2").graph("int8"))
        (folder / f"{WIDE} channels.onnx").write_bytes(wide_graph())
        for told, instructions in INSTRUCTIONS.items():
            results[told] = found = in_another_process(folder, chosen.rounds, instructions)
            for network, one in found["networks"].items():
                print(f"{told}, {network}: {one['p50_ms']:.2f} ms, {one['times_arithmetic_floor']:.2f} times its")
                print(
                    f"  arithmetic at {found['peak_gops']:.0f} GOP/s; {one['times_floor']:.2f} times its floor by layer"
                )
    write_text(chosen.out, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
