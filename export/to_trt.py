"""Build a TensorRT plan from an ONNX graph, with a sidecar of its facts."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import onnx
import typer
from google.protobuf.message import DecodeError

from ..core.commands import Force, Json, Quiet, report
from ..core.errors import BadInput
from ..core.files import refuse_existing, sha256, whole
from .options import one_of
from .plan import Profile, build_plan, pick_flavour, require_fit


def parse_size(text: str) -> tuple[int, int]:
    """`HEIGHTxWIDTH` -> (height, width); BadInput for anything else."""
    height, _, width = text.lower().partition("x")
    if not (height.isdigit() and width.isdigit() and int(height) and int(width)):
        raise BadInput(f"'{text}' is not a size; write HEIGHTxWIDTH, such as 360x640")
    return int(height), int(width)


def export_trt(
    graph: Annotated[Path, typer.Argument(help="An .onnx file; int8 made with --for tensorrt.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The plan to write; its facts go to FILE.json.")],
    flavour: Annotated[str, typer.Option(help="auto, tensorrt, or rtx.")] = "auto",
    least: Annotated[str, typer.Option("--min", help="Smallest HEIGHTxWIDTH.")] = "64x64",
    best: Annotated[str, typer.Option("--opt", help="HEIGHTxWIDTH to be fastest at.")] = "360x640",
    most: Annotated[str, typer.Option("--max", help="Largest HEIGHTxWIDTH.")] = "1080x1920",
    sm: Annotated[str, typer.Option(help="Compute capabilities of an RTX plan.")] = "75,80,86,89,120",
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Build a TensorRT plan. TensorRT for RTX needs no GPU to build; the full TensorRT does.

    Example: pocketlens export trt sesr.onnx -o sesr.plan --flavour rtx --sm 86,89
    """
    one_of(flavour, ("auto", "tensorrt", "rtx"), "--flavour")
    profile = Profile(parse_size(least), parse_size(best), parse_size(most))
    if not all(a <= b <= c for a, b, c in zip(profile.least, profile.best, profile.most, strict=True)):
        raise BadInput(f"--min {least}, --opt {best} and --max {most} must not fall in height or width")
    facts_file = out.with_name(out.name + ".json")
    for path in (out, facts_file):
        refuse_existing(path, force)
    data = read_graph(graph)
    name, trt = pick_flavour(flavour)
    targets = [target.strip() for target in sm.split(",")] if name == "rtx" else []
    began = time.monotonic()
    plan = build_plan(data, profile, trt, name == "rtx", targets)
    facts = {
        "file": str(out), "flavour": name, "version": trt.__version__, "compute_capabilities": targets or ["this GPU"],
        "profile": {"min": least, "opt": best, "max": most}, "source": graph.name, "source_sha256": sha256(graph),
        "bytes": len(plan), "build_seconds": round(time.monotonic() - began, 2),
    }  # fmt: skip
    with whole(out) as plan_draft, whole(facts_file) as facts_draft:
        plan_draft.write_bytes(plan)
        facts_draft.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    report(facts, json_file, lambda: f"{out}: {name} {trt.__version__}, {len(plan)} bytes, sm {sm}", quiet)


def read_graph(path: Path) -> bytes:
    """The bytes of an ONNX file that TensorRT can take; BadInput for any other."""
    try:
        data = path.read_bytes()
        model = onnx.load_from_string(data)
        onnx.checker.check_model(model)
    except FileNotFoundError as error:
        raise BadInput(f"no graph at {path}; make one with: pocketlens export onnx MODEL -o {path}") from error
    except (OSError, DecodeError, onnx.checker.ValidationError) as error:
        raise BadInput(f"{path} is not a sound ONNX graph: {str(error).splitlines()[0]}") from error
    require_fit(model, path.name)
    return data


TARGET = export_trt
