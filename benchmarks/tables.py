"""The tables of docs/performance.md, made of `benchmarks/results/`.

    python benchmarks/tables.py            # renew the page

A table stands between `<!-- NAME -->` and `<!-- end -->`; what has not been measured yet says by which command it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pocketlens.core.files import write_text

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PAGE = HERE.parent / "docs" / "performance.md"
_PLACE = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

Rows = Iterator[list[str]]


def peers(found: dict[str, Any]) -> Rows:
    """FSRCNN here and elsewhere, then what else enlarges."""
    yield ["", "p50, ms", "p95", "p99", "off by, at most"]
    for name, row in sorted(found["rows"].items(), key=lambda item: ("error" not in item[1], item[1]["p50_ms"])):
        error = f"{row['error']:.5f}" if "error" in row else "another network"
        yield [name, *_times(row), error]


def floor(found: dict[str, Any]) -> Rows:
    """SESR in int8 against its floors."""
    yield ["instructions", "SESR-M5 with", "p50, ms", "p95", "p99", "arithmetic", "times it", "by layer", "times it"]
    for instructions, one in found.items():
        if not isinstance(one, dict):
            continue
        for network, row in one["networks"].items():
            floors = [f"{row['arithmetic_floor_ms']:.2f}", f"{row['times_arithmetic_floor']:.2f}"]
            floors += [f"{row['floor_ms']:.2f}", f"{row['times_floor']:.2f}"]
            yield [instructions, network, *_times(row), *floors]


def sizes(found: dict[str, Any]) -> Rows:
    """What a frame costs by its size."""
    yield ["frame", "p50, ms", "p95", "p99", "ns a pixel", "peak memory, MiB"]
    for row in found["rows"]:
        memory = f"{row['peak_mib']:.0f}" if row["peak_mib"] else "-"
        yield [row["size"], *_times(row), f"{row['ns_a_pixel']:.1f}", memory]


def steps(found: dict[str, Any]) -> Rows:
    """What each step gains."""
    yield ["network", "", "p50, ms", "p95", "p99", "times as fast as exported"]
    for network, one in found["networks"].items():
        first = next(iter(one["rows"].values()))["p50_ms"]
        for step, row in one["rows"].items():
            yield [f"{network} (noise {one['noise']:.1%})", step, *_times(row), f"{first / row['p50_ms']:.2f}"]


def gpu(found: dict[str, Any]) -> Rows:
    """The students on a GPU."""
    yield ["student", "frame", "way", "from", "p50, ms", "p95", "p99", "floor", "times it", "PSNR, dB"]
    for one in found["results"]:
        for row in one["rows"]:
            likeness = f"{row['psnr']:.1f}" if row["psnr"] else "∞"
            limits = [f"{row['floor_ms']:.3f}", f"{row['times_floor']:.1f}"]
            yield [one["model"], one["size"], row["way"], row["from"], *_times(row, 3), *limits, likeness]


def _times(row: Mapping[str, float], digits: int = 2) -> list[str]:
    return [f"{row[f'p{mark}_ms']:.{digits}f}" for mark in (50, 95, 99)]


TABLES: Mapping[str, tuple[Callable[[dict[str, Any]], Rows], str]] = {
    "against_peers": (peers, "python benchmarks/against_peers.py --fsrcnn-pb FSRCNN_x2.pb"),
    "floor": (floor, "python benchmarks/floor.py"),
    "steps": (steps, "python benchmarks/steps.py"),
    "sizes": (sizes, "python benchmarks/sizes.py"),
    "gpu": (gpu, "python benchmarks/gpu.py"),
}
"""Name of a table and of its file -> what makes its rows, and the command that makes the file."""


def table(name: str, results: Path = RESULTS) -> str:
    """One table in Markdown, and by which command on what machine its figures were taken."""
    make, command = TABLES[name]
    file = results / f"{name}.json"
    if not file.exists():
        return f"*Not measured yet: `{command}` does.*\n"
    found = json.loads(file.read_text(encoding="utf-8"))
    head, *rows = make(found)
    lines = [head, ["---"] * len(head), *rows]
    missing = "".join(f" Without {name}: {why}." for name, why in found.get("absent", {}).items())
    told = f"\n*`{command}`{_where(found)}.{missing}*\n"
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + told


def _where(found: Mapping[str, Any]) -> str:
    """What of the machine decides the figures."""
    told = [found.get("device", ""), f"{found['threads']} threads" if "threads" in found else ""]
    told += [f"noise {found['noise']:.1%}" if "noise" in found else "", " ".join(found.get("processor", []))]
    return "".join(f", {word}" for word in told if word)


def renewed(page: str, results: Path = RESULTS) -> str:
    """The page with every table made anew."""
    return _PLACE.sub(lambda place: f"{place[1]}{table(place[2], results)}{place[3]}", page)


if __name__ == "__main__":
    write_text(PAGE, renewed(PAGE.read_text(encoding="utf-8")))
