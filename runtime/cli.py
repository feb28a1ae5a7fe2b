"""`pocketlens run`, `models`, `bench` and `doctor`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.bundle import read
from ..core.catalog import ENGINES
from ..core.commands import Force, Json, Quiet, report
from ..core.errors import BadInput
from ..core.files import refuse_existing
from ..core.locate import shipped_bundles
from ..core.picture import is_picture
from .bench import bench as measure
from .choose import AUTO
from .engine import all_threads
from .machine import processor_features
from .remembered import remember
from .resolve import open_bundle
from .session import Session

Model = Annotated[str, typer.Argument(metavar="MODEL", help="Bundle, shipped model, run folder, or checkpoint.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads of the engine; all cores by default.")]


def run(
    model: Model,
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="A picture, a folder of pictures, or a video.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="What to write: of the same kind as INPUT.")],
    engine: Annotated[str, typer.Option(help="Engine, or auto: the fastest that works here.")] = AUTO,
    precision: Annotated[str, typer.Option(help="fp32, fp16, int8, or auto: int8 where it pays.")] = AUTO,
    tile: Annotated[int | None, typer.Option(min=1, help="Work in tiles of this side, to save memory.")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="Only the first frames of a video.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.001, help="Only the first seconds of a video.")] = None,
    threads: Threads = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Enhance a picture, a folder of pictures or a video.

    A folder becomes a folder of PNGs of the same names. A video keeps its sound, subtitles, time
    stamps and colour tags; the output's suffix (.mp4, .mov, .mkv, .webm) says how it is written.

    Example: pocketlens run sesr-x2 holiday.mp4 -o holiday-2x.mp4
    """
    _check_places(source, output, force)
    with Session.open(model, engine, precision, threads, tile) as session:
        notes = [*session.notes, *_process(session, source, output, frames, seconds, quiet)]
    for note in notes if not quiet else ():
        print(f"pocketlens: note: {note}", file=sys.stderr)


def _check_places(source: Path, output: Path, force: bool) -> None:
    if not source.exists():
        raise BadInput(f"no such file or folder: {source}")
    if output.exists() and output.samefile(source):
        raise BadInput(f"{output} is the input itself; choose another name")
    if source.is_dir() and (is_picture(output) or _is_video(output)):
        raise BadInput(f"a folder becomes a folder of pictures, and {output} is the name of a file")
    refuse_existing(output, force)


def _is_video(output: Path) -> bool:
    from .encode import SUFFIXES

    return output.suffix.lower() in SUFFIXES


def _process(
    session: Session, source: Path, output: Path, frames: int | None, seconds: float | None, quiet: bool
) -> list[str]:
    """Do the work; gives notes on what the output does not keep."""
    if not source.is_dir() and not is_picture(source):
        from .video import process_video

        return process_video(session, source, output, frames, seconds, quiet)
    from .pictures import process_folder, process_picture

    if frames is not None or seconds is not None:
        raise BadInput("--frames and --seconds are for videos")
    if source.is_dir():
        process_folder(session, source, output, quiet)
    else:
        process_picture(session, source, output)
    return []


def models(json: Json = None, quiet: Quiet = False) -> None:
    """List the shipped models.

    Example: pocketlens models --json -
    """
    listed = [_shown(name, path) for name, path in shipped_bundles().items()]

    def lines() -> str:
        shown = [f"{m['name']:14} {m['task']} x{m['scale']}, {m['parameters']} parameters" for m in listed]
        return "\n".join(shown) or "no models are shipped with this installation"

    report(listed, json, lines, quiet)


def _shown(name: str, path: Path) -> dict[str, Any]:
    facts = read(path).manifest
    return {
        "name": name,
        "task": facts.task,
        "scale": facts.scale,
        "parameters": facts.parameters,
        "bytes": path.stat().st_size,
        "scores": facts.quality,
    }


def bench(
    model: Model,
    size: Annotated[str, typer.Option(help="Height x width of the input, in pixels.")] = "360x640",
    engines: Annotated[str, typer.Option(help="Engines to time, separated by commas; all by default.")] = "",
    threads: Threads = None,
    rounds: Annotated[int, typer.Option(min=1, help="Times that each is run, taking turns.")] = 40,
    save: Annotated[bool, typer.Option("--save", help="Let auto go by this from now on.")] = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Measure latency per engine and precision, next to onnxruntime in fp32 in the same run.

    Example: pocketlens bench sesr-x2 --size 360x640 --threads 2
    """
    height, width = _parse_size(size)
    named = [name.strip() for name in engines.split(",") if name.strip()]
    bundle = open_bundle(model)
    result = measure(bundle, height, width, named, threads or all_threads(), rounds, quiet)
    if save:
        remember(bundle.manifest, result["rows"])

    def lines() -> str:
        rows = [
            f"{r['engine']:12}{r['precision']:6}{r['p50_ms']:9.2f}{r['p95_ms']:9.2f}{r['p99_ms']:9.2f}{r['fps']:8.1f}"
            f"{r['ratio']:7.2f}{_percent(r['share_of_peak']):>9}"
            for r in result["rows"]
        ]
        head = f"{'engine':18}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'fps':>8}{'ratio':>7}{'of peak':>9}"
        tail = f"ratio: times as fast as {result['reference']}; noise {result['noise']:.1%}"
        return "\n".join([head, *rows, tail])

    report(result, json, lines, quiet)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _parse_size(text: str) -> tuple[int, int]:
    height, _, width = text.lower().partition("x")
    if not (height.isdigit() and width.isdigit() and int(height) and int(width)):
        raise BadInput(f"--size {text}: give height x width, such as 360x640")
    return int(height), int(width)


def doctor(json: Json = None, quiet: Quiet = False) -> None:
    """Say which engines this machine can run, and why not the others.

    Example: pocketlens doctor --json -
    """
    engines = []
    for name, engine in ENGINES.items():
        reason = engine.why_not()
        version = None if reason else engine.version()
        engines.append({"name": name, "usable": reason is None, "why_not": reason, "version": version})
    processor = {"threads": all_threads(), "features": processor_features()}

    def lines() -> str:
        told = [f"{e['name']:12} {e['why_not'] or 'usable, ' + e['version']}" for e in engines]
        return "\n".join([*told, f"processor    {processor['threads']} threads, {' '.join(processor['features'])}"])

    report({"engines": engines, "processor": processor, "findings": []}, json, lines, quiet)
