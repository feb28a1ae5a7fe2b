"""Seal graphs, sample pictures, scores and limits in one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.commands import Force, Json, Quiet, refuse_report, report
from ..core.files import refuse_taken
from ..core.locate import SUFFIX, locate
from ..core.verdict import Verdict
from .options import PRECISIONS, SAMPLE, Calib, Model, Scale, one_of, open_checkpoint, output_file

if TYPE_CHECKING:
    from ..core.contract import Contract


def export_bundle(
    model: Model,
    out: Annotated[Path, typer.Option("--out", "-o", help="The .plens file to write.")],
    precisions: Annotated[str, typer.Option(help="Which graphs to hold.")] = ",".join(PRECISIONS),
    calib: Calib = SAMPLE,
    data: Annotated[
        list[Path] | None, typer.Option(help="Folder of HR pictures, or of triplets, to score on; may be repeated.")
    ] = None,
    scale: Scale = None,
    teacher: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Where the teacher of the run is now, if it was moved.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0, help="Time for latency on this machine; 0 leaves it out.")] = 60.0,
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Seal a model in a bundle: ONNX graphs, sample pictures, scores, limits and provenance.

    Example: pocketlens export bundle runs/sesr -o sesr.plens --precisions fp32,int8 --data photos
    """
    wanted = list(dict.fromkeys(one_of(name.strip(), PRECISIONS, "--precisions") for name in precisions.split(",")))
    refuse_taken(output_file(out, SUFFIX), force)
    refuse_report(json_file, force)
    trained = open_checkpoint(model, scale)
    from ..core.bundle import read, write
    from ..core.cases import by_name
    from .calibration import Calibration, open_calibration
    from .provenance import card_of, curve_of, degradation_of, provenance_of
    from .seal import seal
    from .task import task
    from .teacher import open_teacher

    read_set = task(trained.spec.task).read_set
    sets = {name: read_set(folder) for name, folder in by_name(data or []).items()}
    run = locate(model)
    provenance, said = provenance_of(run), {"card": card_of(run), "curve": curve_of(run)}
    calibration = Calibration()
    if "int8" in wanted:
        calibration = open_calibration(calib, trained, degradation_of(provenance), quiet)
    taught_by = open_teacher(trained, run, teacher, quiet)
    sealed = seal(trained, out.stem, wanted, calibration, sets, provenance, seconds, quiet, taught_by)
    write(out, sealed.manifest.model_copy(update=said), sealed.files)
    _warn(out.stem, sealed.manifest.contract)
    manifest = read(out).manifest
    summary = f"{out}: {out.stem}, {len(manifest.graphs)} graphs, {out.stat().st_size} bytes"
    report(manifest.model_dump(), json_file, lambda: summary, quiet)


def _warn(name: str, contract: Contract | None) -> None:
    """Say on standard error what `verify` will not pass, wherever it is called."""
    from ..runtime.contract.accuracy import sealed_gaps

    for row in sealed_gaps(contract, contract.limits) if contract else ():
        if row.verdict == Verdict.FAIL:
            print(f"pocketlens: {name}: verify will fail: {row.told()}", file=sys.stderr)


TARGET = export_bundle
