"""Each student on a GPU, by torch and by every engine that runs there, next to the floor of its memory.

    python benchmarks/gpu.py

torch runs it in fp16, channels last, eagerly and as a CUDA graph; onnxruntime's CUDA and TensorRT join where they can
be loaded, and what cannot is told of with its reason. Latency is of one frame at a time, from memory of the device or
from the host's and back. The floor is the time in which the memory of the device, its bandwidth measured in the same
run, could read and write the maps of every convolution once; maps that stay in a cache may beat it. Every picture is
held against torch's in fp32 on the CPU. Writes `benchmarks/results/gpu.json`; exit code 3 where there is no GPU. It
needs the base install and torch.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from interleaved import in_turns, percentiles, turn_of
from pocketlens.core import checkpoint
from pocketlens.core.catalog import ENGINES
from pocketlens.core.checkpoint import Checkpoint
from pocketlens.core.errors import MachineCannot, PocketlensError
from pocketlens.core.files import to_json, write_text
from pocketlens.core.locate import shipped_bundles
from pocketlens.core.manifest import MOMENT
from pocketlens.core.metrics import psnr
from pocketlens.core.spec import ModelSpec
from pocketlens.runtime.choose import Choice, choices
from pocketlens.runtime.engine import all_threads
from pocketlens.runtime.interpolate import Interpolator
from pocketlens.runtime.resolve import open_bundle
from pocketlens.runtime.sizes import parse_size
from pocketlens.runtime.tiles import round_up
from pocketlens.runtime.view import as_frame
from torch_ways import Way, bandwidth, moved, torch_ways

HERE = Path(__file__).parent
RUNS = HERE.parent / "students" / "weights"
SIZES = ("360x640", "720x1280", "1080x1920")
_SHIFT = 3
"""Pixels that the second frame of a pair has moved by."""


def frames_of(spec: ModelSpec, size: tuple[int, int]) -> list[np.ndarray]:
    """What a network takes: smooth pictures in steps of 1/255, (1, C, H, W), each moved a little, and a moment."""
    height, width = (round_up(side, spec.align) for side in size)
    noise = np.random.default_rng(0).integers(0, 256, (height, width, spec.channels), np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2).reshape(noise.shape).astype(np.float32) / 255
    first = np.ascontiguousarray(np.moveaxis(smooth, -1, 0)[None])
    moments = np.array([0.5], np.float32)
    return [
        moments if name == MOMENT else np.roll(first, index * _SHIFT, axis=3) for index, name in enumerate(spec.inputs)
    ]


def reference(trained: Checkpoint, feeds: Sequence[np.ndarray]) -> np.ndarray:
    """The picture (C, H, W) that torch makes in fp32 on the CPU."""
    (way,) = torch_ways(trained.deployed(), feeds, "cpu", {})
    return way.picture()


def engine_ways(model: str, feeds: Sequence[np.ndarray], failed: dict[str, str]) -> Iterator[Way]:
    """The shipped bundle on every engine that runs on a GPU here; what then fails goes to `failed`, with its reason."""
    bundle = open_bundle(model)
    for name in (name for name, why in on_gpu().items() if why is None):
        for choice in choices(bundle.manifest, name)[0]:
            try:
                yield _engine_way(choice, choice.load(bundle, all_threads()), feeds)
            except PocketlensError as error:
                failed[str(choice)] = str(error)


def on_gpu() -> dict[str, str | None]:
    """The engines for GPUs, and why each cannot be used here; None where it can."""
    return {name: engine.why_not() for name, engine in ENGINES.items() if engine.on_gpu}


def _engine_way(choice: Choice, network: Any, feeds: Sequence[np.ndarray]) -> Way:
    name = f"{choice.name} {choice.precision}"
    if not isinstance(network, Interpolator):
        return Way(name, "host", lambda: network(feeds[0][0]), lambda: network(feeds[0][0]), network.close)
    pictures = [np.rint(np.moveaxis(frame[0, ::-1], 0, -1) * 255).astype(np.uint8) for frame in feeds[:2]]

    def between() -> np.ndarray:
        views = [network.view(as_frame(np.ascontiguousarray(picture))) for picture in pictures]
        return network.between(views[0], views[1], float(feeds[2][0]))[0]

    return Way(name, "host", between, lambda: np.moveaxis(between()[..., ::-1], -1, 0) / np.float32(255), network.close)


def measured(ways: Sequence[Way], truth: np.ndarray, floor_ms: float, rounds: int) -> list[dict[str, Any]]:
    """A row for each way: latency, how many times the floor that is, and how far its picture is from the truth."""
    series = in_turns({f"{way.name}, {way.begins}": turn_of(way.call) for way in ways}, rounds)
    rows = []
    for way, milliseconds in zip(ways, series.values(), strict=True):
        times, made = percentiles(milliseconds), way.picture()
        way.close()
        rows.append(
            {
                "way": way.name,
                "from": way.begins,
                **times,
                "fps": 1e3 / times["p50_ms"],
                "floor_ms": floor_ms,
                "times_floor": times["p50_ms"] / floor_ms,
                "max_error": float(np.abs(made - truth).max()),
                "psnr": psnr(made, truth, peak=1.0),
            }
        )
    return rows


def compare(model: str, size: tuple[int, int], device: str, gbs: float, rounds: int) -> dict[str, Any]:
    """All ways of one student at one size; `gbs` is the device's bandwidth in GB/s."""
    trained = checkpoint.load(RUNS / model)
    feeds, failed = frames_of(trained.spec, size), {}
    network = trained.deployed()
    bytes_moved = moved(network, feeds, 4 if device == "cpu" else 2)
    ways = [*torch_ways(network, feeds, device, failed), *engine_ways(model, feeds, failed)]
    rows = measured(ways, reference(trained, feeds), bytes_moved / gbs / 1e6, rounds)
    return {"model": model, "size": f"{size[0]}x{size[1]}", "rows": rows, "failed": failed}


def device_name(device: str) -> str:
    """What the device calls itself. Raises MachineCannot where there is none."""
    if device == "cpu":
        return "CPU"
    if not torch.cuda.is_available():
        raise MachineCannot(
            "torch sees no CUDA device here: run this on a machine with an NVIDIA GPU, its driver, and a CUDA build of "
            "torch (nvidia-smi and torch.version.cuda tell)"
        )
    return torch.cuda.get_device_name()


def run(device: str, sizes: Sequence[str], rounds: int, models: Sequence[str]) -> dict[str, Any]:
    """The results of every student at every size. Raises MachineCannot where the device is missing."""
    facts = {"device": device_name(device), "torch": torch.__version__, "cuda": torch.version.cuda}
    absent = {name: why for name, why in on_gpu().items() if why}
    for name, why in absent.items():
        print(f"without {name}: {why}")
    gbs = bandwidth(device) / 1e9 if device != "cpu" else bandwidth(device, 1 << 22) / 1e9
    found = []
    for model in models:
        for size in sizes:
            found.append(compare(model, parse_size(size), device, gbs, rounds))
            show(found[-1])
    return {**facts, "bandwidth_gbs": gbs, "absent": absent, "results": found}


def show(found: dict[str, Any]) -> None:
    """Print one student at one size."""
    print(f"{found['model']} {found['size']}")
    for row in found["rows"]:
        print(
            f"  {row['way']:42} from {row['from']:6} p50 {row['p50_ms']:7.3f} p95 {row['p95_ms']:7.3f} "
            f"p99 {row['p99_ms']:7.3f} ms, {row['times_floor']:5.1f} x floor; "
            f"off by {row['max_error']:.4f}, {row['psnr']:.1f} dB"
        )
    for name, why in found["failed"].items():
        print(f"  {name}: {why}")


def main() -> int:
    """Measure everything and write it down; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu is for trying this file out")
    parser.add_argument("--sizes", nargs="+", default=SIZES, metavar="HEIGHTxWIDTH")
    parser.add_argument("--models", nargs="+", default=[*shipped_bundles()])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "gpu.json")
    chosen = parser.parse_args()
    try:
        results = run(chosen.device, chosen.sizes, chosen.rounds, chosen.models)
    except PocketlensError as error:
        print(f"gpu.py: {error}", file=sys.stderr)
        return error.exit_code
    write_text(chosen.out, to_json(results) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
