"""What a frame costs from 64x64 to 3840x2160: time for a pixel, and peak memory of a process that does nothing else.

    python benchmarks/sizes.py

Frames are bytes in and bytes out, as luma of a video; all sizes take turns. Above four million pixels the runtime cuts
them into tiles unasked. Writes `benchmarks/results/sizes.json`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from interleaved import in_turns, percentiles, turn_of
from pocketlens.core.files import write_text
from pocketlens.runtime.choose import Choice, choices
from pocketlens.runtime.contract.memory import peak_mib
from pocketlens.runtime.machine import processor_features
from pocketlens.runtime.resolve import open_bundle
from video import THREADS

HERE = Path(__file__).parent
MODEL = "sesr-x2"
SIZES = ((64, 64), (180, 320), (360, 640), (720, 1280), (1080, 1920), (1440, 2560), (2160, 3840))


def frame_call(network: Any, height: int, width: int) -> Callable[[], np.ndarray]:
    """A frame of luma in bytes through a network that upscales."""
    frame = np.random.default_rng(0).integers(0, 256, (1, height, width), np.uint8)
    return lambda: network(frame)


def by_size(way: Choice, rounds: int, sizes: tuple[tuple[int, int], ...] = SIZES) -> list[dict[str, Any]]:
    """Percentiles, nanoseconds for a pixel of the input, and MiB, of each size."""
    bundle = open_bundle(MODEL)
    # One network each, for a program keeps but a few sizes compiled.
    networks = {size: way.load(bundle, THREADS) for size in sizes}
    turns = {f"{width}x{height}": turn_of(frame_call(one, height, width)) for (height, width), one in networks.items()}
    series, rows = in_turns(turns, rounds), []
    for (size, network), (name, milliseconds) in zip(networks.items(), series.items(), strict=True):
        network.close()
        times = percentiles(milliseconds)
        nanoseconds = times["p50_ms"] * 1e6 / (size[0] * size[1])
        peak = peak_mib(bundle, way.name, way.precision, THREADS, size)
        rows.append({"size": name, **times, "ns_a_pixel": nanoseconds, "peak_mib": peak})
    return rows


def main() -> None:
    """Measure everything, print it and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "sizes.json")
    chosen = parser.parse_args()
    way = choices(open_bundle(MODEL).manifest)[0][0]
    rows = by_size(way, chosen.rounds)
    for row in rows:
        print(
            f"{row['size']:>10} {row['p50_ms']:9.2f} ms {row['ns_a_pixel']:6.1f} ns a pixel {row['peak_mib']:6.0f} MiB"
        )
    facts = {
        "model": MODEL,
        "way": f"{way.name} {way.precision}",
        "threads": THREADS,
        "processor": processor_features(),
    }
    write_text(chosen.out, json.dumps({**facts, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
