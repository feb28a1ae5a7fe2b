"""Seal graphs, sample pictures, scores and limits in one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.commands import Force, Json, Quiet, report
from ..core.errors import BadInput
from ..core.locate import SUFFIX, locate
from .options import PRECISIONS, SAMPLE, Calib, Model, Scale, one_of, open_checkpoint, output_file, refuse_taken
from .samples import DRAWN

if TYPE_CHECKING:
    from .task import Set, Task


def export_bundle(
    model: Model,
    out: Annotated[Path, typer.Option("--out", "-o", help="The .plens file to write.")],
    precisions: Annotated[str, typer.Option(help="Which graphs to hold.")] = ",".join(PRECISIONS),
    calib: Calib = SAMPLE,
    data: Annotated[
        list[Path] | None, typer.Option(help="Folder of HR pictures, or of triplets, to score on; may be repeated.")
    ] = None,
    scale: Scale = None,
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Seal a model in a bundle: ONNX graphs, sample pictures, scores, limits and provenance.

    Example: pocketlens export bundle runs/sesr -o sesr.plens --precisions fp32,int8 --data photos
    """
    wanted = list(dict.fromkeys(one_of(name.strip(), PRECISIONS, "--precisions") for name in precisions.split(",")))
    refuse_taken(output_file(out, SUFFIX), force)
    trained = open_checkpoint(model, scale)
    from ..core.bundle import read, write
    from .calibration import Calibration, open_calibration
    from .provenance import provenance_of
    from .seal import seal
    from .task import task

    sets = read_sets(data or [], task(trained.spec.task))
    provenance = provenance_of(locate(model))
    calibration = open_calibration(calib, trained, quiet) if "int8" in wanted else Calibration()
    sealed = seal(trained, out.stem, wanted, calibration, sets, provenance, quiet)
    write(out, sealed.manifest, sealed.files)
    manifest = read(out).manifest
    summary = f"{out}: {out.stem}, {len(manifest.graphs)} graphs, {out.stat().st_size} bytes"
    report(manifest.model_dump(), json_file, lambda: summary, quiet)


def read_sets(folders: Sequence[Path], task: Task) -> dict[str, Set]:
    """Folder name -> what the task scores on in it. Raises BadInput for two of one name, and for a folder without."""
    sets: dict[str, Set] = {}
    for folder in folders:
        name = folder.resolve().name
        if name in {DRAWN, *sets}:
            raise BadInput(f"scores go by the name of their folder, and '{name}' is taken; rename {folder}")
        sets[name] = task.read_set(folder)
    return sets


TARGET = export_bundle
