"""Write a checked ONNX graph: fp32, fp16 or int8, of any face, for CPUs or TensorRT."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.bundle import read
from ..core.commands import Force, Json, Quiet, refuse_report, report
from ..core.errors import BadInput
from ..core.files import refuse_taken, sha256, write_bytes
from ..core.locate import is_bundle, locate
from ..core.progress import progress
from .options import FACES, PRECISIONS, SAMPLE, Calib, Scale, one_of, open_checkpoint, output_file


def export_onnx(
    model: Annotated[str, typer.Argument(help="Run folder, checkpoint, bundle, or shipped name.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The .onnx file to write.")],
    precision: Annotated[str, typer.Option(help="fp32, fp16 or int8.")] = "fp32",
    face: Annotated[
        str,
        typer.Option(
            help="float: NCHW in [0, 1]; frame: uint8 BGR; split: flows, mask; motion: these in one small map."
        ),
    ] = "float",
    processor: Annotated[str, typer.Option("--for", help="cpu or tensorrt.")] = "cpu",
    calib: Calib = SAMPLE,
    scale: Scale = None,
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Write a checked ONNX graph with dynamic height and width; of a bundle, the one sealed in it.

    Example: pocketlens export onnx runs/sesr -o sesr.onnx --precision int8 --for tensorrt
    """
    one_of(precision, PRECISIONS, "--precision")
    one_of(processor, ("cpu", "tensorrt"), "--for")
    one_of(face, FACES, "--face")
    refuse_taken(output_file(out, ".onnx"), force)
    refuse_report(json_file, force)
    if is_bundle(locate(model)):
        network, graph = _sealed(model, precision, face, processor, calib, scale)
    else:
        network, graph = _built(model, precision, face, processor, calib, scale, quiet)
    write_bytes(out, graph)
    facts = {
        "file": str(out),
        "network": network,
        "precision": precision,
        "face": face,
        "for": processor,
        "bytes": out.stat().st_size,
        "sha256": sha256(out),
    }
    report(facts, json_file, lambda: f"{out}: {network} {precision}, {face} face, {facts['bytes']} bytes", quiet)


def _sealed(model: str, precision: str, face: str, processor: str, calib: str, scale: int | None) -> tuple[str, bytes]:
    """Name of the network and the graph as a bundle holds it."""
    bundle = read(locate(model))
    if calib != SAMPLE:
        raise BadInput(f"{model} is a bundle, whose int8 is calibrated already; --calib is for run folders")
    if scale not in (None, bundle.manifest.scale):
        raise BadInput(f"{model} upscales x{bundle.manifest.scale}, not x{scale}")
    return bundle.manifest.network, bundle.graph(precision, face, processor)


def _built(
    model: str, precision: str, face: str, processor: str, calib: str, scale: int | None, quiet: bool
) -> tuple[str, bytes]:
    """Name of the network and a graph made of its checkpoint."""
    trained = open_checkpoint(model, scale)
    from .build import Graphs
    from .calibration import Calibration, open_calibration
    from .faces import require_face
    from .provenance import degradation_of, provenance_of

    require_face(face, trained.spec, trained.name)

    calibration = Calibration()
    if precision == "int8":
        learned_from = degradation_of(provenance_of(locate(model)))
        calibration = open_calibration(calib, trained, learned_from, quiet)
    with progress("exporting", None, quiet):
        graph = Graphs(trained, calibration).build(precision, face, processor)
    return trained.name, graph.SerializeToString()


TARGET = export_onnx
