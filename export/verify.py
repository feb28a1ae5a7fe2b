"""Graphs held against the reference: what comes out of an ONNX graph for a small picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core import picture
from ..core.bundle import Bundle, Graph, Manifest
from ..core.catalog import ENGINES
from ..core.colour import from_network, recolour, to_network
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


class Runner:
    """A graph as a function of uint8 BGR pictures."""

    def __init__(self, data: bytes, face: str, manifest: Manifest) -> None:
        self._program = ENGINES.get(REFERENCE_ENGINE).load(data, 2)
        self._face, self._facts = face, manifest

    def __call__(self, lr: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) BGR, sides multiples of `align` -> uint8 (scale*H, scale*W, 3) BGR."""
        source, target = self._facts.inputs[0], self._facts.output
        if self._face == "frame":
            return self._program.run({source: lr[None]})[target][0]
        made = self._program.run({source: to_network(lr, self._facts.channels)[None]})[target][0]
        return recolour(made[0], lr) if self._facts.channels == 1 else from_network(made)


def measure(bundle: Bundle) -> list[Measured]:
    """Run every graph of a bundle on its samples."""
    samples = [
        tuple(picture.decode(bundle.files[name], name) for name in (sample.input, sample.expected))
        for sample in bundle.manifest.samples
    ]
    return [_measure(bundle, graph, samples) for graph in bundle.manifest.graphs]


def _measure(bundle: Bundle, graph: Graph, samples: list[tuple[np.ndarray, ...]]) -> Measured:
    runner = Runner(bundle.files[graph.file], graph.face, bundle.manifest)
    made = np.concatenate([runner(lr).ravel() for lr, _ in samples])
    expected = np.concatenate([wanted.ravel() for _, wanted in samples])
    return Measured(graph, int(np.abs(made.astype(int) - expected).max()), psnr(made, expected))
