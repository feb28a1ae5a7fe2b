"""Write a checked ONNX graph: fp32, fp16 or int8, float or frame face, for CPUs or TensorRT."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import onnx
import typer

from ..core.checkpoint import Checkpoint
from ..core.commands import Force, Json, Quiet, report
from ..core.errors import BadInput
from ..core.files import refuse_existing, sha256, whole
from .faces import float_face, frame_face
from .options import Calib, Model, Scale, calibration_inputs, one_of, open_checkpoint, output_file
from .quantize import quantize

PRECISIONS, FACES, PROCESSORS = ("fp32", "fp16", "int8"), ("float", "frame"), ("cpu", "tensorrt")


def build(trained: Checkpoint, precision: str, face: str, processor: str, inputs: Sequence[np.ndarray] = ()) -> onnx.ModelProto:
    """The graph of one precision, face and processor; int8 needs calibration `inputs`."""
    graph = float_face(trained, half=precision == "fp16")
    if precision == "int8":
        made = quantize(graph, inputs)
        graph = made.tensorrt if processor == "tensorrt" else made.cpu
    return frame_face(graph, trained.spec) if face == "frame" else graph


def save(graph: onnx.ModelProto, path: Path) -> None:
    """Check a graph and write it, whole or not at all."""
    onnx.checker.check_model(graph)
    with whole(path) as draft:
        onnx.save(graph, draft)


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
    one_of(processor, PROCESSORS, "--for")
    if face == "split":
        raise BadInput("the split face is for interpolation networks; use --face float or frame")
    one_of(face, FACES, "--face")
    refuse_existing(output_file(out, ".onnx"), force)
    trained = open_checkpoint(model, scale)
    inputs = calibration_inputs(calib, trained.spec.channels, quiet)[0] if precision == "int8" else []
    save(build(trained, precision, face, processor, inputs), out)
    facts = {"file": str(out), "network": trained.name, "precision": precision, "face": face, "for": processor,
             "bytes": out.stat().st_size, "sha256": sha256(out)}  # fmt: skip
    report(facts, json_file, lambda: f"{out}: {trained.name} {precision}, {face} face, {facts['bytes']} bytes", quiet)


TARGET = export_onnx
