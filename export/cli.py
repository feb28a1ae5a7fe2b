"""The `pocketlens export` commands; each file `to_*.py` beside this one is one of them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..core.bundle import read
from ..core.catalog import TARGETS
from ..core.commands import Force, Json, LazyGroup, Quiet, refuse_report, report
from ..core.errors import BadInput
from ..core.locate import is_bundle, locate
from ..core.progress import progress

GROUP = LazyGroup(
    "export",
    "Write deployable files. Example: pocketlens export bundle runs/sesr -o sesr.plens",
    {
        **{name: (line, f"export.to_{name}:TARGET") for name, line in TARGETS.summaries().items()},
        "check": ("Hold every graph of a bundle against its reference.", "export.cli:check"),
    },
)


def check(
    bundle: Annotated[str, typer.Argument(help="A bundle, or the name of a shipped model.")],
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Hold every graph of a bundle against the reference on its sample frames.

    Example: pocketlens export check sesr.plens
    """
    from ..core.graph_pictures import judge

    refuse_report(json_file, force)
    path = locate(bundle)
    if not is_bundle(path):
        raise BadInput(f"{bundle} is not a bundle; make one with: pocketlens export bundle {bundle} -o NAME.plens")
    opened, rows = read(path), []
    with progress("checking", len(opened.manifest.graphs), quiet) as advance:
        for found in judge(opened):
            facts = {"max_error": found.max_error, "psnr": found.psnr, "limit": found.limit}
            rows.append({**found.graph.model_dump(), **facts, "verdict": "pass" if found.passed else "fail"})
            advance(note=found.graph.file)
    verdict = "fail" if any(row["verdict"] == "fail" for row in rows) else "pass"
    report({"verdict": verdict, "graphs": rows}, json_file, lambda: _table(rows), quiet)
    if verdict == "fail":
        raise typer.Exit(1)


def _table(rows: list[dict[str, Any]]) -> str:
    """The rows as aligned text."""
    text = [f"{'graph':<32} {'for':<9} {'max error':>9} {'PSNR':>9} {'limit':>9}  verdict"]
    for row in rows:
        name, psnr, limit = row["file"].removeprefix("graphs/"), f"{row['psnr']:.2f} dB", f"{row['limit']:.2f} dB"
        text.append(f"{name:<32} {row['target']:<9} {row['max_error']:>9} {psnr:>9} {limit:>9}  {row['verdict']}")
    return "\n".join(text)
