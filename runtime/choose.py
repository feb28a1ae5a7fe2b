"""Which engine runs which precision of a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ..core.bundle import Bundle
from ..core.catalog import ENGINES
from ..core.errors import BadInput, MachineCannot
from ..core.gpu import first_gpu
from ..core.manifest import Face, Manifest
from .engine import Engine, Program
from .interpolate import MOTION, Interpolator
from .network import Network
from .remembered import remembered
from .saturation import why_not_int8

AUTO = "auto"
PRECISIONS = ("fp32", "fp16", "int8")
"""The most faithful first."""
FACES: Mapping[str, tuple[Face, ...]] = {"upscale": ("float",), "interpolate": (MOTION, "float")}
"""The faces that are run, by task; the fastest first."""


@dataclass(frozen=True)
class Choice:
    """One way to run a bundle."""

    name: str
    """The engine's, as on the command line."""
    engine: Engine
    precision: str

    def __str__(self) -> str:
        return f"{self.name} {self.precision}"

    @property
    def speed(self) -> float:
        """As the engine states it."""
        return self.engine.speed[self.precision]

    def face(self, manifest: Manifest) -> Face:
        """The one that is run, of those that the bundle holds for this engine and precision."""
        held = {g.face for g in manifest.graphs if (g.precision, g.target) == (self.precision, self.engine.reads)}
        return next(face for face in FACES[manifest.task] if face in held)

    def load(
        self, bundle: Bundle, threads: int, tile: int | None = None, stream: int | None = None
    ) -> Network | Interpolator:
        """The bundle's network on this engine; `stream` is for engines that take one.

        Raises MachineCannot where it cannot load or run.
        """
        facts, face = bundle.manifest, self.face(bundle.manifest)
        graph, engine = bundle.graph(self.precision, face, self.engine.reads), self.engine
        program = engine.load(graph, threads, stream or 0) if engine.takes_stream else engine.load(graph, threads)
        return ready_network(program, facts, face, tile, engine.takes_bytes)


def ready_network(
    program: Program, facts: Manifest, face: Face, tile: int | None = None, takes_bytes: bool = False
) -> Network | Interpolator:
    """A loaded graph with this face as the network that it is, tried; closed and MachineCannot where it fails."""
    network = (
        Network(program, facts, tile, takes_bytes)
        if facts.task == "upscale"
        else Interpolator(program, facts, face, takes_bytes)
    )
    try:
        network.check()
    except MachineCannot:
        network.close()
        raise
    return network


def choices(
    manifest: Manifest, engine: str = AUTO, precision: str = AUTO, device: str = AUTO
) -> tuple[list[Choice], list[str]]:
    """Every way to run the bundle's graphs of `FACES` here, best first, and why engines are left out.

    The rule of `auto`: the fastest by the speeds the engines state, and where two are equally fast
    the more faithful precision. So int8 is taken where it pays (OpenVINO) and fp32 where it does not
    (onnxruntime), and a GPU before the CPU. Of an engine's precisions the one goes first that was the fastest of
    this bundle when it was last timed for its contract; and what `bench --save` measured of it here, with this version
    of the engine, goes before all else. A named engine or precision leaves only the other to be chosen, a named
    `device` what runs on that. Of engines for a GPU nothing is said where there is none.
    Raises BadInput for an unknown name, a precision not in the bundle and an engine for another device, MachineCannot
    where a named engine, or every engine, is unusable.
    """
    held = {(graph.precision, graph.target) for graph in manifest.graphs if graph.face in FACES[manifest.task]}
    _check_precision(precision, sorted({name for name, _ in held}), manifest)
    _check_device(engine, device)
    found, notes = [], []
    for name in ENGINES.names() if engine == AUTO else [engine]:
        candidate: Engine = ENGINES.get(name)
        if device not in (AUTO, candidate.device):
            continue
        reason = candidate.why_not()
        if reason:
            if (engine, device) != (AUTO, AUTO) or not candidate.on_gpu or _has_gpu():
                notes.append(f"{name}: {reason}")
            continue
        wanted = [p for p in PRECISIONS if precision in (AUTO, p) and (p, candidate.reads) in held]
        found += [Choice(name, candidate, p) for p in _trusted(name, candidate, wanted, notes)]
    if not found:
        what = "" if precision == AUTO else f" in {precision}"
        where = "" if device == AUTO else f" on the {device}"
        raise MachineCannot("; ".join(notes) or f"no engine here runs {manifest.name}{what}{where}")
    return _best_first(found, manifest), notes


def _trusted(name: str, engine: Engine, wanted: Sequence[str], notes: list[str]) -> list[str]:
    """The precisions that the engine knows and computes rightly here; why int8 is left out goes to `notes`."""
    known = [precision for precision in wanted if precision in engine.speed]
    if "int8" in known and (reason := why_not_int8(name)):
        notes.append(f"{name} int8: {reason}")
        known.remove("int8")
    return known


def _best_first(found: Sequence[Choice], manifest: Manifest) -> list[Choice]:
    """In the order of `auto`; `found` has the choices of an engine together."""
    measured = remembered(manifest)
    recorded = {each.engine: each.precision for each in manifest.contract.recordings} if manifest.contract else {}
    most = {name: max(choice.speed for choice in ways) for name, ways in groupby(found, lambda choice: choice.name)}

    def rank(choice: Choice) -> tuple[float, float, bool, int]:
        here = measured.get(str(choice))
        fps = here.fps if here and here.version == choice.engine.version() else 0.0
        first = recorded.get(choice.name) == choice.precision
        return -fps, -(most[choice.name] if first else choice.speed), not first, PRECISIONS.index(choice.precision)

    return sorted(found, key=rank)


def _has_gpu() -> bool:
    try:
        first_gpu()
    except MachineCannot:
        return False
    return True


def _check_device(engine: str, device: str) -> None:
    own = device if engine == AUTO else ENGINES.get(engine).device
    if device not in (AUTO, own):
        raise BadInput(f"{engine} runs on the {own}, not on the {device}; name the engine or the device, and not both")


def _check_precision(precision: str, held: list[str], manifest: Manifest) -> None:
    if precision not in (AUTO, *PRECISIONS):
        raise BadInput(f"unknown precision '{precision}'; known: {AUTO}, {', '.join(PRECISIONS)}")
    if precision != AUTO and precision not in held:
        raise BadInput(f"{manifest.name} holds no {precision} graph; it holds: {', '.join(held)}")
