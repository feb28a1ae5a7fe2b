"""`pocketlens doctor`: what this machine can run, and what in a graph will hurt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from .core.catalog import CHECKS, ENGINES
from .core.commands import Force, Json, Quiet, refuse_report, report
from .core.errors import BadInput, MachineCannot, need
from .core.files import refuse_taken
from .core.tensorrt_plan import FLAVOURS
from .export.options import output_file
from .runtime.devices import devices
from .runtime.machine import processor_features
from .runtime.original import TORCH, Original
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

    An error is what an engine refuses, or makes another picture of. With --fix the findings are those that are left,
    after what was mended.

    Example: pocketlens doctor sesr.onnx --fix -o mended.onnx
    """
    if fix != (out is not None) or (fix and graph is None):
        raise BadInput("--fix takes a graph and where to write it: pocketlens doctor MODEL.onnx --fix -o FILE.onnx")
    refuse_report(json_file, force)
    if out:
        refuse_taken(output_file(out, ".onnx"), force)
    seen = examine(graph, out) if graph else {"findings": [], "mended": []}
    told = {"engines": engines(), "devices": devices(), "processor": {"features": processor_features()}, **seen}
    report(told, json_file, lambda: _lines(told, graph), quiet)
    if strict and any(finding["severity"] == "error" for finding in seen["findings"]):
        raise typer.Exit(1)


def engines() -> list[dict[str, Any]]:
    """Every engine, torch, and TensorRT in both flavours, which builds plans: whether it is usable here, or why not."""
    found = []
    for name, engine in [*ENGINES.items(), (TORCH, Original.engine)]:
        reason = engine.why_not()
        facts: dict[str, Any] = {"usable": reason is None, "why_not": reason}
        facts["version"] = None if reason else engine.version()
        facts["why_not_int8"] = None if reason or "int8" not in engine.speed else why_not_int8(name)
        found.append({"name": name, "summary": engine.summary, **facts})
    for name, (module, extra) in FLAVOURS.items():
        try:
            version, reason = need(module, extra).__version__, None
        except MachineCannot as error:
            version, reason = None, str(error)
        facts = {"usable": reason is None, "why_not": reason, "version": version}
        found.append({"name": f"{name} (plans)", "summary": "builds TensorRT plans", **facts})
    return found


def examine(path: Path, out: Path | None) -> dict[str, list[dict[str, Any]]]:
    """`findings`: what is wrong with a graph, the worst first; `mended`: what no longer is, as written to `out`.

    Raises BadInput for what is no ONNX graph, and before anything is written where mending would make none;
    MachineCannot without the onnx package.
    """
    need("onnx", "train")
    from .core.files import write_bytes
    from .export.fit import load_graph, require_sound

    model = load_graph(path)
    findings, mended = _find(model), []
    if out:
        for _, check in CHECKS.items():
            model = check.fix(model) if check.fix else model
        require_sound(model, out, full=True)
        write_bytes(out, model.SerializeToString())
        before, findings = findings, _find(model)
        mended = _gone(before, findings)
    return {"findings": findings, "mended": mended}


def _find(model: Any) -> list[dict[str, str]]:
    from .export.finding import Graph, findings

    looked_at = Graph(model)
    found = []
    for key, check in CHECKS.items():
        for one in findings(check, looked_at):
            mend = f"{one.mend}; --fix does" if one.fixable else one.mend
            fault = {"id": key.replace("_", "-"), "severity": one.severity, "node": one.node}
            found.append({**fault, "told": one.told, "mend": mend})
    return sorted(found, key=lambda finding: _WORST_FIRST.index(finding["severity"]))


def _gone(before: list[dict[str, str]], after: list[dict[str, str]]) -> list[dict[str, Any]]:
    """What was found and is not any more, by check, and what that costs."""
    gone = Counter(one["id"] for one in before) - Counter(one["id"] for one in after)
    return [{"id": name, "count": count, "cost": CHECKS.get(name).cost} for name, count in gone.items()]


def _state(engine: dict[str, Any]) -> str:
    int8 = f"; not in int8: {engine['why_not_int8']}" if engine.get("why_not_int8") else ""
    return engine["why_not"] or f"usable, {engine['version']}{int8}"


def _lines(told: dict[str, Any], graph: Path | None) -> str:
    lines = [f"{one['name']:21} {one['summary']}: {_state(one)}" for one in told["engines"]]
    lines += [f"{device['kind']:21} {device['name']}: {device['told']}" for device in told["devices"]]
    lines.append(f"{'processor':21} {' '.join(told['processor']['features']) or 'does not say what it can do'}")
    return "\n".join([*lines, *_graph_lines(told, graph)]) if graph else "\n".join(lines)


def _graph_lines(told: dict[str, Any], graph: Path) -> Iterator[str]:
    for one in told["mended"]:
        yield f"mended   {one['id']}, {one['count']} times{': ' * bool(one['cost'])}{one['cost']}"
    yield f"{graph}: {len(told['findings']) or 'nothing'} found"
    alike: dict[tuple[str, ...], list[str]] = {}
    for finding in told["findings"]:
        alike.setdefault(tuple(finding[key] for key in ("severity", "id", "told", "mend")), []).append(finding["node"])
    for (severity, name, told_of, mend), nodes in alike.items():
        more = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
        yield f"{severity:8} {name}, {nodes[0]}{more}: {told_of}"
        yield f"{'':8} {mend}"
