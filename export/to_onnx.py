"""Write a checked ONNX graph: fp32, fp16 or int8, float or frame face, for CPUs or TensorRT."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.commands import Force, Json, Quiet, report
from ..core.errors import BadInput
from ..core.files import sha256, write_bytes
from ..core.progress import progress
from .options import PRECISIONS, Calib, Model, Scale, one_of, open_checkpoint, output_file, refuse_taken


def export_onnx(
    model: Model,
    out: Annotated[Path, typer.Option("--out", "-o", help="The .onnx file to write.")],
    precision: Annotated[str, typer.Option(help="fp32, fp16 or int8.")] = "fp32",
    face: Annotated[str, typer.Option(help="float: NCHW in [0, 1]; frame: uint8 NHWC BGR.")] = "float",
    processor: Annotated[str, typer.Option("--for", help="cpu or tensorrt.")] = "cpu",
    calib: Calib = "sample",
    scale: Scale = None,
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Write a checked ONNX graph with dynamic height and width.

    Example: pocketlens export onnx runs/sesr -o sesr.onnx --precision int8 --for tensorrt
    """
    one_of(precision, PRECISIONS, "--precision")
    one_of(processor, ("cpu", "tensorrt"), "--for")
    if face == "split":
        raise BadInput("the split face is for interpolation networks; use --face float or frame")
    one_of(face, ("float", "frame"), "--face")
    refuse_taken(output_file(out, ".onnx"), force)
    trained = open_checkpoint(model, scale)
    from .build import Graphs
    from .calibration import Calibration, open_calibration

    calibration = open_calibration(calib, trained.spec, quiet) if precision == "int8" else Calibration()
    with progress("exporting", None, quiet):
        graph = Graphs(trained, calibration.inputs).build(precision, face, processor)
    write_bytes(out, graph.SerializeToString())
    facts = {
        "file": str(out),
        "network": trained.name,
        "precision": precision,
        "face": face,
        "for": processor,
        "bytes": out.stat().st_size,
        "sha256": sha256(out),
    }
    report(facts, json_file, lambda: f"{out}: {trained.name} {precision}, {face} face, {facts['bytes']} bytes", quiet)


TARGET = export_onnx
