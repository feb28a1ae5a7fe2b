"""Build a TensorRT plan from an ONNX graph, with a sidecar of its facts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.commands import Force, Json, Quiet, report
from ..core.errors import BadInput, need
from ..core.files import sha256, to_json, whole
from .options import Size, one_of, refuse_taken


def export_trt(
    graph: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="An ONNX file; int8 made with --for tensorrt.")],
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
    sizes = parse_sizes(least, best, most)
    facts_file = out.with_name(out.name + ".json")
    for path in (out, facts_file):
        refuse_taken(path, force)
    plan, facts = make_plan(graph, sizes, flavour, sm)
    # The facts are put in place first: a plan is never without them.
    with whole(out) as plan_draft, whole(facts_file) as facts_draft:
        plan_draft.write_bytes(plan)
        facts_draft.write_text(to_json(facts) + "\n", encoding="utf-8")
    summary = (
        f"{out}: {facts['flavour']} {facts['version']}, {len(plan)} bytes, {', '.join(facts['compute_capabilities'])}"
    )
    report({"file": str(out), **facts}, json_file, lambda: summary, quiet)


def make_plan(graph: Path, sizes: Sequence[Size], flavour: str, sm: str) -> tuple[bytes, dict[str, Any]]:
    """The plan of an ONNX file, and its facts."""
    need("onnx", "train")
    from ..core.tensorrt_plan import build_plan, pick_flavour
    from .fit import fitted, input_shapes, read_graph

    model = read_graph(graph)
    sizes = fitted(model, sizes)
    shapes = input_shapes(model, sizes)
    picked = pick_flavour(flavour)
    capabilities = list(dict.fromkeys(name.strip() for name in sm.split(","))) if picked.ahead_of_time else []
    began = time.monotonic()
    plan = build_plan(model.SerializeToString(), shapes, picked, capabilities)
    return plan, {
        "flavour": picked.name,
        "version": picked.module.__version__,
        "compute_capabilities": capabilities or ["this GPU"],
        "profile": {
            name: f"{height}x{width}" for name, (height, width) in zip(("min", "opt", "max"), sizes, strict=True)
        },
        "source": graph.name,
        "source_sha256": sha256(graph),
        "bytes": len(plan),
        "build_seconds": round(time.monotonic() - began, 2),
    }


def parse_sizes(*texts: str) -> list[Size]:
    """HEIGHTxWIDTH for the least, the best and the most; BadInput for anything else, and where one falls."""
    sizes = []
    for text in texts:
        height, _, width = text.lower().partition("x")
        if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
            raise BadInput(f"'{text}' is not a size; write HEIGHTxWIDTH, such as 360x640")
        sizes.append((int(height), int(width)))
    if not all(a <= b for smaller, larger in pairwise(sizes) for a, b in zip(smaller, larger, strict=True)):
        raise BadInput("--min {}, --opt {} and --max {} must not fall in height or width".format(*texts))
    return sizes


TARGET = export_trt
