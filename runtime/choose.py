"""Which engine runs which precision of a bundle."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.bundle import Bundle
from ..core.catalog import ENGINES
from ..core.errors import BadInput, MachineCannot
from ..core.manifest import Manifest
from .engine import Engine
from .interpolate import MOTION, Interpolator
from .network import Network
from .remembered import remembered

AUTO = "auto"
PRECISIONS = ("fp32", "fp16", "int8")
"""The most faithful first."""
FACES = {"upscale": ("float",), "interpolate": (MOTION, "float")}
"""The faces that are run, by task; the fastest first."""


@dataclass(frozen=True)
class Choice:
    """One way to run a bundle."""

    name: str
    """The engine's, as on the command line."""
    engine: Engine
    precision: str

    def load(self, bundle: Bundle, threads: int, tile: int | None = None) -> Network | Interpolator:
        """The bundle's network on this engine. Raises MachineCannot where it cannot load or run."""
        facts = bundle.manifest
        held = {g.face for g in facts.graphs if (g.precision, g.target) == (self.precision, self.engine.reads)}
        face = next(face for face in FACES[facts.task] if face in held)
        program = self.engine.load(bundle.graph(self.precision, face, self.engine.reads), threads)
        upscales = facts.task == "upscale"
        takes_bytes = self.engine.takes_bytes
        network = Network(program, facts, tile, takes_bytes) if upscales else Interpolator(program, facts, face)
        network.check()
        return network


def choices(manifest: Manifest, engine: str = AUTO, precision: str = AUTO) -> tuple[list[Choice], list[str]]:
    """Every way to run the bundle's graphs of `FACES` here, best first, and why engines are left out.

    The rule of `auto`: the fastest by the speeds the engines state, and where two are equally fast
    the more faithful precision. So int8 is taken where it pays (OpenVINO) and fp32 where it does not
    (onnxruntime). What `bench --save` measured of this bundle here goes before what engines state. A
    named engine or precision leaves only the other to be chosen.
    Raises BadInput for an unknown name or a precision not in the bundle, MachineCannot where a named
    engine, or every engine, is unusable.
    """
    held = {(graph.precision, graph.target) for graph in manifest.graphs if graph.face in FACES[manifest.task]}
    _check_precision(precision, sorted({name for name, _ in held}), manifest)
    found, notes = [], []
    for name in ENGINES.names() if engine == AUTO else [engine]:
        candidate: Engine = ENGINES.get(name)
        reason = candidate.why_not()
        if reason:
            notes.append(f"{name}: {reason}")
            continue
        wanted = [p for p in PRECISIONS if precision in (AUTO, p) and (p, candidate.reads) in held]
        found += [Choice(name, candidate, p) for p in wanted if p in candidate.speed]
    if not found:
        raise MachineCannot("; ".join(notes) or f"no engine here runs {manifest.name} in {precision}")
    measured = remembered(manifest)

    def rank(choice: Choice) -> tuple[float, float, int]:
        here = measured.get(f"{choice.name} {choice.precision}", 0.0)
        return -here, -choice.engine.speed[choice.precision], PRECISIONS.index(choice.precision)

    return sorted(found, key=rank), notes


def _check_precision(precision: str, held: list[str], manifest: Manifest) -> None:
    if precision not in (AUTO, *PRECISIONS):
        raise BadInput(f"unknown precision '{precision}'; known: {AUTO}, {', '.join(PRECISIONS)}")
    if precision != AUTO and precision not in held:
        raise BadInput(f"{manifest.name} holds no {precision} graph; it holds: {', '.join(held)}")
