"""`pocketlens report`: one page about one or more models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...core.commands import Force, Json, Quiet, refuse_report
from ...core.commands import report as tell
from ...core.errors import BadInput
from ...core.files import refuse_existing, write_text
from ..sizes import parse_size
from .model import gather, open_models
from .page import as_json, page
from .sensitivity import read_sensitivity
from .views import compare


def report(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Bundles, shipped models, run folders.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The HTML file to write.")],
    data: Annotated[
        list[Path] | None, typer.Option(help="Folder of HR pictures, or of triplets, to score on; may be repeated.")
    ] = None,
    sensitivity: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="What quantize --explain --json wrote; may be repeated."),
    ] = None,
    size: Annotated[str, typer.Option(help="Height x width of the pictures that are timed, in pixels.")] = "360x640",
    threads: Annotated[int, typer.Option(min=1, help="Threads of the engines.")] = 1,
    seconds: Annotated[float, typer.Option(min=0, help="Time for the limits on latency of each model.")] = 10.0,
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Write one HTML page about models: limits, scores, pictures, speed, training, and where they are from.

    Example: pocketlens report sesr-x2 fsrcnn-x2 -o report.html --data photos
    """
    if out.suffix not in (".html", ".htm"):
        raise BadInput(f"a report is an HTML file; name it {out.stem}.html")
    refuse_existing(out, force)
    refuse_report(json_file, force)
    timed_size = parse_size(size)
    costs = [read_sensitivity(path) for path in sensitivity or []]
    opened = open_models(models, data or [])
    found = [gather(model, timed_size, threads, seconds, quiet) for model in opened]
    write_text(out, page(found, compare(opened, threads), costs))
    told = as_json(found)
    tell(
        told, json_file, lambda: "\n".join([*(f"{m['name']}: {m['verdict']}" for m in told["models"]), str(out)]), quiet
    )
