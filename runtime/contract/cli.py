"""`pocketlens verify`: the accuracy and latency gate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ...core.bundle import Bundle, read
from ...core.commands import Force, Json, Quiet, refuse_report, report
from ...core.errors import BadInput
from ...core.files import refuse_taken, write_text
from ...core.locate import is_bundle, is_shipped, locate
from ...core.progress import progress
from ...core.verdict import Verdict, overall
from ..choose import AUTO, choices
from ..options import Model
from ..resolve import open_bundle
from .measured import fastest
from .reports import as_json, as_junit, as_markdown, as_text
from .row import Row
from .update import update
from .verify import verify

_ENGINE = Annotated[str, typer.Option(help="Engine to measure on; all that are usable by default.")]


def verify_model(
    model: Model,
    baseline: Annotated[
        str | None, typer.Option(metavar="BUNDLE", help="Compare with this bundle, side by side.")
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="Folder of HR pictures, or of triplets, to score on; may be repeated.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail, too, on what cannot be decided.")] = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the answers as JUnit XML.")] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write them as a Markdown table.")] = None,
    update_it: Annotated[
        bool, typer.Option("--update", help="Record the latency and memory of this machine in the bundle.")
    ] = False,
    engine: _ENGINE = AUTO,
    threads: Annotated[int, typer.Option(min=1, help="Threads to run on; ratios hold for one number of them.")] = 1,
    seconds: Annotated[float, typer.Option(min=0, help="Time for latency in all; 0 leaves it undecided.")] = 30.0,
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Measure a model where it is to run, and say pass or fail, limit by limit.

    Example: pocketlens verify mine.plens --data photos --junit report.xml
    """
    refuse_report(json_file, force)
    for path in (junit, markdown):
        if path:
            refuse_taken(path, force)
    bundle = open_bundle(model)
    if update_it:
        bundle = _updated(model, bundle, engine, threads, seconds, quiet)
    other = open_bundle(baseline) if baseline else None
    total = len(choices(bundle.manifest, engine)[0]) + len(fastest(bundle, engine))
    with progress("verifying", total, quiet) as advance:
        rows = verify(bundle, other, data or [], engine, threads, seconds, advance)
    name = bundle.manifest.name
    report(as_json(name, rows), json_file, lambda: as_text(rows), quiet)
    for path, text in ((junit, as_junit), (markdown, as_markdown)):
        if path:
            write_text(path, text(name, rows))
    _finish(name, rows, strict)


def _finish(name: str, rows: list[Row], strict: bool) -> None:
    verdict = overall(row.verdict for row in rows)
    if verdict == Verdict.UNDECIDED:
        open_ = [row.name for row in rows if row.verdict == Verdict.UNDECIDED]
        print(f"pocketlens: {name}: undecided: {', '.join(open_)}", file=sys.stderr)
    if verdict == Verdict.FAIL or (strict and verdict == Verdict.UNDECIDED):
        raise typer.Exit(1)


def _updated(model: str, bundle: Bundle, engine: str, threads: int, seconds: float, quiet: bool) -> Bundle:
    """The bundle after `--update`."""
    path = locate(model)
    if not is_bundle(path) or path.is_dir():
        raise BadInput(f"--update rewrites a bundle file, which {model} is not")
    if is_shipped(path):
        raise BadInput(f"--update rewrites a bundle file, and {model} is a part of this package: copy {path} first")
    with progress("recording", None, quiet) as advance:
        update(path, bundle, engine, threads, seconds, advance)
    return read(path)
