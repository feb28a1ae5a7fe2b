"""The trained network of a checkpoint as a choice of its own: what engines are held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.bundle import Bundle, Compute
from ..core.errors import BadInput
from .choose import Choice, ready_network
from .engine import Arrays, Engine, Program
from .interpolate import Interpolator
from .network import Network

TORCH = "torch"


class _Program:
    """The network, which torch lets go of when nobody holds it."""

    notes = ()

    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    def run(self, feeds: Arrays, out: Arrays | None = None) -> Arrays:
        """As `Program.run`."""
        made = self._compute(feeds)
        for name, array in (out or {}).items():
            np.copyto(array, made[name])
        return made if out is None else out

    def close(self) -> None:
        """As `Program.close`."""
        del self._compute


_WHAT_IT_RUNS = "torch runs checkpoints and run folders, and this holds graphs alone"


def _refuse(graph: bytes, threads: int) -> Program:
    raise BadInput(_WHAT_IT_RUNS)


_ENGINE = Engine(
    summary="PyTorch on the CPU, the reference of checkpoints",
    module=TORCH,
    extra="train",
    reads="cpu",
    speed={"fp32": 1.0},
    load=_refuse,
)


@dataclass(frozen=True)
class Original(Choice):
    """Of a bundle that was made of a checkpoint; BadInput for any other. Warping is the network's own."""

    name: str = TORCH
    engine: Engine = _ENGINE
    precision: str = "fp32"

    def load(
        self, bundle: Bundle, threads: int, tile: int | None = None, stream: int | None = None
    ) -> Network | Interpolator:
        """As `Choice.load`."""
        if bundle.original is None:
            raise BadInput(f"{bundle.source}: {_WHAT_IT_RUNS}")
        return ready_network(_Program(bundle.original(threads)), bundle.manifest, "float", tile)
