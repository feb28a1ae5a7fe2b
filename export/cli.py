"""The `pocketlens export` commands; each file `to_*.py` beside this one is one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.catalog import TARGETS
from ..core.commands import Force, Json, LazyGroup, Quiet, report
from ..core.errors import need
from ..core.files import refuse_existing
from ..core.locate import SUFFIX, locate

GROUP = LazyGroup(
    "export",
    "Write deployable files. Example: pocketlens export bundle runs/sesr -o sesr.plens",
    {
        **{name: (line, f"export.to_{name}:TARGET") for name, line in TARGETS.summaries().items()},
        "bundle": ("Seal graphs, samples, scores and limits in one file.", "export.cli:bundle"),
        "check": ("Hold every graph of a bundle against its reference.", "export.cli:check"),
    },
)

PRECISIONS = ("fp32", "fp16", "int8")


def bundle(
    model: Annotated[str, typer.Argument(help="Run folder, checkpoint, or shipped teacher.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The .plens file to write.")],
    precisions: Annotated[str, typer.Option(help="Which graphs to hold.")] = ",".join(PRECISIONS),
    calib: Annotated[str, typer.Option(help="Calibration folder, pictures, a video, or sample.")] = "sample",
    data: Annotated[list[Path] | None, typer.Option(help="Folder of HR pictures to score on; may be repeated.")] = None,
    scale: Annotated[int | None, typer.Option(help="Scale, for a checkpoint that does not tell.")] = None,
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Seal a model in a bundle: ONNX graphs, sample pictures, scores, limits and provenance.

    Example: pocketlens export bundle runs/sesr -o sesr.plens --precisions fp32,int8 --data photos
    """
    need("torch", "train")
    from ..core import picture
    from ..core.bundle import write
    from .options import calibration_inputs, one_of, open_checkpoint, output_file
    from .seal import Calibration, provenance_of, seal

    wanted = [one_of(precision.strip(), PRECISIONS, "--precisions") for precision in precisions.split(",")]
    refuse_existing(output_file(out, SUFFIX), force)
    trained = open_checkpoint(model, scale)
    sets = [(folder.name, [(path.name, picture.read(path)) for path in picture.find(folder)]) for folder in data or []]
    calibration = Calibration()
    if "int8" in wanted:
        inputs, digest = calibration_inputs(calib, trained.spec.channels, quiet)
        calibration = Calibration(inputs, {"source": Path(calib).name, "sha256": digest})
    manifest, files = seal(trained, out.stem, wanted, calibration, sets, provenance_of(locate(model)))
    write(out, manifest, files)
    report(manifest.model_dump(), json_file, lambda: f"{out}: {out.stem}, {len(manifest.graphs)} graphs", quiet)


def check(
    bundle: Annotated[str, typer.Argument(help="A bundle, or the name of a shipped model.")],
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Hold every graph of a bundle against the reference on its sample frames.

    Example: pocketlens export check sesr.plens
    """
    from ..core.bundle import read
    from .verify import measure

    opened = read(locate(bundle))
    rows = []
    for measured in measure(opened):
        limit = opened.manifest.limits[f"psnr_{measured.graph.precision}"]
        verdict = "pass" if measured.psnr >= limit else "fail"
        facts = {"max_error": measured.max_error, "psnr": measured.psnr, "limit": limit, "verdict": verdict}
        rows.append({**measured.graph.model_dump(), **facts})
    passed = all(row["verdict"] == "pass" for row in rows)

    def lines() -> str:
        header = f"{'graph':<32} {'for':<9} {'max error':>9} {'PSNR':>9} {'limit':>7}  verdict"
        return "\n".join(
            [header, *(
                f"{row['file'].removeprefix('graphs/'):<32} {row['target']:<9} {row['max_error']:>9} "
                f"{row['psnr']:>6.2f} dB {row['limit']:>7.2f}  {row['verdict']}" for row in rows
            )]
        )  # fmt: skip

    report({"verdict": "pass" if passed else "fail", "graphs": rows}, json_file, lines, quiet)
    if not passed:
        raise typer.Exit(1)
