"""`pocketlens doctor`: what this machine can run, and what in a graph will hurt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .core.catalog import CHECKS, ENGINES
from .core.commands import Force, Json, Quiet, report
from .core.errors import BadInput, MachineCannot, need
from .core.files import refuse_taken
from .core.tensorrt_plan import FLAVOURS
from .export.options import output_file
from .runtime.devices import devices
from .runtime.machine import processor_features
from .runtime.saturation import why_not_int8

_WORST_FIRST = ("error", "warning", "note")


def doctor(
    graph: Annotated[Path | None, typer.Argument(metavar="[MODEL.onnx]", help="A graph to look at.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended, and write it to --out.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The mended .onnx file.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 where an error is found.")] = False,
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Say what this machine can run, and why not the rest; of a graph, what will hurt in the field, and its mend.

    An error is what an engine refuses, or makes another picture of. With --fix the findings are those that are left.

    Example: pocketlens doctor sesr.onnx --fix -o mended.onnx
    """
    if fix != (out is not None) or (fix and graph is None):
        raise BadInput("--fix takes a graph and where to write it: pocketlens doctor MODEL.onnx --fix -o FILE.onnx")
    if out:
        refuse_taken(output_file(out, ".onnx"), force)
    findings = examine(graph, out) if graph else []
    told = {"engines": engines(), "devices": devices(), "processor": {"features": processor_features()}}
    report({**told, "findings": findings}, json_file, lambda: _lines(told, graph, findings), quiet)
    if strict and any(finding["severity"] == "error" for finding in findings):
        raise typer.Exit(1)


def engines() -> list[dict[str, Any]]:
    """Every engine, and TensorRT in both flavours, which builds plans: whether it is usable here, or why not."""
    found = []
    for name, engine in ENGINES.items():
        reason = engine.why_not()
        facts: dict[str, Any] = {"usable": reason is None, "why_not": reason}
        facts["version"] = None if reason else engine.version()
        facts["why_not_int8"] = None if reason else why_not_int8(name)
        found.append({"name": name, "summary": engine.summary, **facts})
    for name, (module, extra) in FLAVOURS.items():
        try:
            version, reason = need(module, extra).__version__, None
        except MachineCannot as error:
            version, reason = None, str(error)
        facts = {"usable": reason is None, "why_not": reason, "version": version}
        found.append({"name": f"{name} (plans)", "summary": "builds TensorRT plans", **facts})
    return found


def examine(path: Path, out: Path | None) -> list[dict[str, str]]:
    """What is wrong with a graph, the worst first; with `out`, of what was mended and written there.

    Raises BadInput for what is no ONNX graph, MachineCannot without the onnx package.
    """
    need("onnx", "train")
    from .core.files import write_bytes
    from .export.finding import Graph
    from .export.fit import load_graph
    from .export.graph import named

    model = named(load_graph(path))
    if out:
        for _, check in CHECKS.items():
            model = check.fix(model) if check.fix else model
        write_bytes(out, model.SerializeToString())
    looked_at = Graph(model)
    found = [
        {"id": key.replace("_", "-"), "severity": one.severity, "node": one.node, "told": one.told, "mend": one.mend}
        for key, check in CHECKS.items()
        for one in check.find(looked_at)
    ]
    return sorted(found, key=lambda finding: _WORST_FIRST.index(finding["severity"]))


def _state(engine: dict[str, Any]) -> str:
    int8 = f"; not in int8: {engine['why_not_int8']}" if engine.get("why_not_int8") else ""
    return engine["why_not"] or f"usable, {engine['version']}{int8}"


def _lines(told: dict[str, Any], graph: Path | None, findings: list[dict[str, str]]) -> str:
    lines = [f"{one['name']:21} {one['summary']}: {_state(one)}" for one in told["engines"]]
    lines += [f"{device['kind']:21} {device['name']}: {device['told']}" for device in told["devices"]]
    lines.append(f"{'processor':21} {' '.join(told['processor']['features']) or 'does not say what it can do'}")
    if graph:
        lines.append(f"{graph}: {len(findings) or 'nothing'} found")
    alike: dict[tuple[str, ...], list[str]] = {}
    for finding in findings:
        alike.setdefault(tuple(finding[key] for key in ("severity", "id", "told", "mend")), []).append(finding["node"])
    for (severity, name, told_of, mend), nodes in alike.items():
        more = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
        lines += [f"{severity:8} {name}, {nodes[0]}{more}: {told_of}", f"{'':8} {mend}"]
    return "\n".join(lines)
