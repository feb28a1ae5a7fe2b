"""Build a TensorRT plan from an ONNX graph, with a sidecar of its facts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

from ..core.commands import Force, Json, Quiet, refuse_report, report
from ..core.errors import BadInput, need
from ..core.files import refuse_taken
from ..core.make_plan import make_plan, request_plan
from ..core.plan_facts import NAMES, PlanFacts, PlanRequest, Size, facts_file, read_facts, why_unfit, write_plan
from ..core.progress import progress
from ..core.tensorrt_plan import Flavour, Shape, pick_flavour
from ..core.tensorrt_watch import STEPS
from .options import one_of


def export_trt(
    graph: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="An ONNX file; int8 made with --for tensorrt.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The plan to write; its facts go to FILE.json.")],
    flavour: Annotated[str, typer.Option(help="auto, tensorrt, or rtx.")] = "auto",
    least: Annotated[str, typer.Option("--min", help="Smallest HEIGHTxWIDTH.")] = "64x64",
    best: Annotated[str, typer.Option("--opt", help="HEIGHTxWIDTH to be fastest at.")] = "360x640",
    most: Annotated[str, typer.Option("--max", help="Largest HEIGHTxWIDTH.")] = "1080x1920",
    sm: Annotated[str, typer.Option(help="Compute capabilities of an RTX plan; 8.6 is 86.")] = "75,80,86,89,120",
    workspace: Annotated[
        int | None, typer.Option(metavar="MIB", min=1, help="The most GPU memory that one layer may ask for.")
    ] = None,
    dla: Annotated[
        int | None,
        typer.Option(metavar="CORE", min=0, help="Run on this DLA core what it can; fp16 or int8, one size."),
    ] = None,
    timing_cache: Annotated[
        Path | None, typer.Option(help="What was timed in earlier builds; FILE.timing unless named.")
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Build only where FILE is not what is asked for.")] = False,
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Build a TensorRT plan. TensorRT for RTX needs no GPU to build; the full TensorRT does.

    Example: pocketlens export trt sesr.onnx -o sesr.plan --flavour rtx --sm 86,89
    """
    one_of(flavour, ("auto", "tensorrt", "rtx"), "--flavour")
    if not out.name.strip():
        raise BadInput(f"name the output NAME.plan, not '{out}'")
    refuse_report(json_file, force or update)
    job = read_job(graph, parse_sizes(least, best, most), flavour, parse_capabilities(sm), workspace, dla)
    if job.flavour.ahead_of_time and timing_cache:
        raise BadInput("TensorRT for RTX times nothing when it builds; leave --timing-cache out")
    timings = timing_cache or out.with_name(out.name + ".timing")
    refuse_one_place(job.files, out, timings)
    if not (update and why_other(out, job.request) is None):
        refuse_other(out, job.request, force or update)
        with progress(f"building {out.name}", STEPS, quiet) as advance:
            plan, facts = make_plan(job.graph, job.shapes, job.flavour, job.request, timings, advance)
        write_plan(out, plan, facts)
    facts = read_facts(out)
    report({"file": str(out), **facts.model_dump()}, json_file, lambda: _line(out, facts), quiet)


@dataclass(frozen=True)
class Job:
    """A plan to be built."""

    files: Sequence[Path]
    """What it is built from: the ONNX file first."""
    graph: bytes
    shapes: Mapping[str, Sequence[Shape]]
    flavour: Flavour
    request: PlanRequest


def read_job(
    path: Path,
    sizes: Sequence[Size],
    flavour: str,
    capabilities: Sequence[str],
    workspace: int | None,
    dla: int | None,
) -> Job:
    """An ONNX file, and what is asked for of it. Raises BadInput for what cannot be built, MachineCannot elsewhere."""
    need("onnx", "train")
    from .fit import fitted, input_shapes, read_graph, require_for_dla
    from .source import source_files, source_sha256

    model, files = read_graph(path), source_files(path)
    sizes, picked = fitted(model, sizes), pick_flavour(flavour)
    request = request_plan(picked, sizes, path.name, source_sha256(files), capabilities, workspace, dla)
    if dla is not None:
        require_for_dla(model, path, sizes)
    return Job(files, model.SerializeToString(), input_shapes(model, sizes), picked, request)


def why_other(plan: Path, request: PlanRequest) -> str | None:
    """Why the plan is not the one that is asked for, to go after its name; None when it is, to the last option."""
    reason = why_unfit(plan, request)
    if reason is None:
        facts, asked = dict(read_facts(plan)), dict(request)
        names = [name for name in asked if name != "source" and asked[name] != facts[name]]
        reason = f"differs in {', '.join(names)}" if names else None
    return reason


def refuse_other(out: Path, request: PlanRequest, force: bool) -> None:
    """Raise BadInput when something is at `out` that may not be replaced, saying whether it is what is asked for."""
    if out.is_file() and not force:
        reason = why_other(out, request)
        standing = f"it {reason}" if reason else "it is what is asked for, as it stands"
        raise BadInput(f"{out} exists: {standing}; choose another name, or pass --force to build it again")
    for path in (out, facts_file(out)):
        refuse_taken(path, force)


def refuse_one_place(files: Sequence[Path], out: Path, timings: Path) -> None:
    """Raise BadInput where what is written would lie in the place of what it is made from, or of each other."""
    taken = {file.resolve() for file in files}
    for path in (out, facts_file(out), timings):
        if path.resolve() in taken:
            raise BadInput(
                f"{path} cannot be two things: the graph and its weights, the plan, its facts (FILE.json) and its "
                "timings (FILE.timing) need a name each; choose another"
            )
        taken.add(path.resolve())


def _line(out: Path, facts: PlanFacts) -> str:
    capabilities = ", ".join(facts.compute_capabilities)
    return f"{out}: {NAMES[facts.flavour]} {facts.version}, {facts.bytes} bytes, for {capabilities}"


def parse_capabilities(text: str) -> list[str]:
    """Compute capabilities between commas, without their points: `8.6`, `sm_86` and `86` are one."""
    names = (re.sub(r"^(?:sm_?)?(\d+)\.?(\d)$", r"\1\2", name.strip().lower()) for name in text.split(","))
    return list(dict.fromkeys(names))


def parse_sizes(*texts: str) -> list[Size]:
    """HEIGHTxWIDTH for the least, the best and the most; BadInput for anything else, and where one falls."""
    sizes = []
    for text in texts:
        height, _, width = text.lower().partition("x")
        if not all(side.isdecimal() and len(side) < 6 and int(side) for side in (height, width)):
            raise BadInput(f"'{text}' is not a size; write HEIGHTxWIDTH, such as 360x640")
        sizes.append((int(height), int(width)))
    if not all(a <= b for smaller, larger in pairwise(sizes) for a, b in zip(smaller, larger, strict=True)):
        raise BadInput("--min {}, --opt {} and --max {} must not fall in height or width".format(*texts))
    return sizes


TARGET = export_trt
