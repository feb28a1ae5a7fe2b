"""Graphs held against the reference: what comes out of an ONNX graph for a small picture."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core import picture
from ..core.bundle import Bundle, Graph, Manifest
from ..core.catalog import ENGINES
from ..core.colour import to_network, to_picture
from ..core.errors import BadInput
from ..core.metrics import psnr

REFERENCE_ENGINE = "onnxruntime"
"""The engine of the base install; it runs every graph, those for TensorRT too."""


@dataclass(frozen=True)
class Measured:
    """One graph against the expected pictures."""

    graph: Graph
    max_error: int
    """Grey levels, the worst of all samples."""
    psnr: float
    """dB over all samples together; inf when every pixel is equal."""


@dataclass(frozen=True)
class Verdict(Measured):
    """What was measured, and the bundle's word on it."""

    limit: float
    """The least PSNR in dB that passes."""

    @property
    def passed(self) -> bool:
        """Whether the graph is still as good as it was when it was sealed."""
        return self.psnr >= self.limit


class Runner:
    """A graph as a function of uint8 BGR pictures."""

    def __init__(self, data: bytes, face: str, manifest: Manifest) -> None:
        self._program = ENGINES.get(REFERENCE_ENGINE).load(data, os.cpu_count() or 1)
        self._face, self._facts = face, manifest

    def __call__(self, lr: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) BGR, sides multiples of `align` -> uint8 (scale*H, scale*W, 3) BGR.

        Raises MachineCannot where the graph does not run, BadInput where it is not what the manifest says.
        """
        facts, framed = self._facts, self._face == "frame"
        height, width = (side * facts.scale for side in lr.shape[:2])
        wanted = (1, height, width, 3) if framed else (1, facts.channels, height, width)
        feed = lr if framed else to_network(lr, facts.channels)
        made = self._program.run({facts.inputs[0]: feed[None]}).get(facts.output)
        if made is None or made.shape != wanted:
            found = f"no '{facts.output}'" if made is None else f"{made.shape}"
            raise BadInput(f"a graph of {facts.name} gives {found} where its manifest promises {wanted}")
        return made[0] if framed else to_picture(made[0], lr)


def measure(bundle: Bundle) -> Iterator[Measured]:
    """Run every graph of a bundle on its samples, each file once.

    Raises BadInput for a bundle without samples, and what `Runner` raises.
    """
    if not bundle.manifest.samples:
        raise BadInput(f"{bundle.source} holds no sample pictures to measure its graphs on")

    def decoded(name: str) -> np.ndarray:
        return picture.decode(bundle.files[name], name)

    samples = [(decoded(sample.input), decoded(sample.expected)) for sample in bundle.manifest.samples]
    known: dict[str, tuple[int, float]] = {}
    for graph in bundle.manifest.graphs:
        if graph.file not in known:
            known[graph.file] = _against(samples, Runner(bundle.files[graph.file], graph.face, bundle.manifest))
        yield Measured(graph, *known[graph.file])


def _against(samples: list[tuple[np.ndarray, np.ndarray]], run: Runner) -> tuple[int, float]:
    """Largest error in grey levels, and PSNR in dB over all samples together."""
    made = np.concatenate([run(lr).ravel() for lr, _ in samples])
    expected = np.concatenate([wanted.ravel() for _, wanted in samples])
    return int(np.abs(made.astype(int) - expected).max()), psnr(made, expected)


def judge(bundle: Bundle) -> Iterator[Verdict]:
    """Hold every graph of a bundle against the limit of its precision.

    Raises BadInput for a bundle that states no such limit, and what `measure` raises.
    """
    limits = bundle.manifest.limits
    for found in measure(bundle):
        limit = limits.get(f"psnr_{found.graph.precision}")
        if limit is None:
            raise BadInput(f"{bundle.source} states no limit for {found.graph.precision}; seal it again")
        yield Verdict(found.graph, found.max_error, found.psnr, limit)
