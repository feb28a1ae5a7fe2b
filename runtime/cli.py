"""`pocketlens models` and `bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.bundle import read
from ..core.commands import Force, Json, Quiet, refuse_report, report
from ..core.files import require_writable
from ..core.locate import shipped_bundles
from .bench import bench as measure
from .engine import all_threads
from .options import Model, Threads
from .remembered import place, remember
from .resolve import open_bundle
from .sizes import parse_size


def models(force: Force = False, json: Json = None, quiet: Quiet = False) -> None:
    """List the shipped models.

    Example: pocketlens models --json -
    """
    refuse_report(json, force)
    listed = [_shown(name, path) for name, path in shipped_bundles().items()]

    def lines() -> str:
        shown = [f"{m['name']:14} {_kind(m)}, {m['parameters']} parameters" for m in listed]
        return "\n".join(shown) or "no models are shipped with this installation"

    report(listed, json, lines, quiet)


def _kind(shown: dict[str, Any]) -> str:
    if shown["task"] != "upscale":
        return shown["task"]
    worn = "" if shown["degradation"] == "bicubic" else ", of worn pictures"
    return f"upscale x{shown['scale']}{worn}"


def _shown(name: str, path: Path) -> dict[str, Any]:
    facts = read(path).manifest
    return {
        "name": name,
        "task": facts.task,
        "scale": facts.scale,
        "parameters": facts.parameters,
        "bytes": path.stat().st_size,
        "degradation": facts.degradation,
        "scores": facts.quality,
    }


def bench(
    model: Model,
    size: Annotated[str, typer.Option(help="Height x width of the input, in pixels.")] = "360x640",
    engines: Annotated[str, typer.Option(help="Engines to time, separated by commas; all by default.")] = "",
    threads: Threads = None,
    rounds: Annotated[int, typer.Option(min=1, help="Times that each is run, taking turns.")] = 40,
    save: Annotated[
        bool,
        typer.Option(
            "--save",
            help="Let auto go by this from now on; what was saved of other engines at the same size and threads stays.",
        ),
    ] = False,
    force: Force = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Measure latency per engine and precision, next to onnxruntime in fp32 in the same run.

    Example: pocketlens bench sesr-x2 --size 360x640 --threads 2
    """
    refuse_report(json, force)
    height, width = parse_size(size)
    named = [name.strip() for name in engines.split(",") if name.strip()]
    bundle = open_bundle(model)
    if json not in (None, "-"):
        require_writable(Path(json))
    if save:
        require_writable(place(bundle.manifest))
    result = measure(bundle, height, width, named, threads or all_threads(), rounds, quiet)

    def lines() -> str:
        rows = [
            f"{r['engine']:21}{r['precision']:6}{r['p50_ms']:9.2f}{r['p95_ms']:9.2f}{r['p99_ms']:9.2f}{r['fps']:8.1f}"
            f"{r['ratio']:7.2f}{_percent(r['share_of_peak']):>9}{_percent(r['share_of_bandwidth']):>14}"
            for r in result["rows"]
        ]
        head = f"{'engine':27}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'fps':>8}{'ratio':>7}"
        head += f"{'of peak':>9}{'of bandwidth':>14}"
        tail = f"ratio: times as fast as {result['reference']}; noise {result['noise']:.1%}"
        return "\n".join([head, *rows, *result["left_out"], tail, *result["notes"]])

    report(result, json, lines, quiet)
    if save:
        remember(bundle.manifest, result)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
