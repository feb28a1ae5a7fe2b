"""Graphs held against the reference: what comes out of an ONNX graph for the small pictures in a bundle."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from . import picture
from .bundle import Bundle
from .catalog import ENGINES
from .colour import from_network, to_network, to_picture
from .errors import BadInput
from .manifest import MOMENT, PARTS, Graph, Manifest, PairSample, Sample
from .metrics import psnr
from .remap import fuse, parted

REFERENCE_ENGINE = "onnxruntime"
"""The engine of the base install; it runs every graph, those for TensorRT too."""

Arrays = Mapping[str, np.ndarray]
Case = tuple[list[np.ndarray], float, np.ndarray]
"""Frames, the moment between them, and the picture that is expected."""


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

    def __call__(self, frames: Sequence[np.ndarray], t: float = 0.5) -> np.ndarray:
        """uint8 (H, W, 3) BGR, one, or two and the moment between them -> uint8 (scale*H, scale*W, 3) BGR.

        Raises MachineCannot where the graph does not run, BadInput where it is not what the manifest says.
        """
        facts, (height, width) = self._facts, frames[0].shape[:2]
        aligned = [frame if self._face == "frame" else _padded(frame, facts.align) for frame in frames]
        inputs = aligned if self._face == "frame" else [to_network(frame, facts.channels) for frame in aligned]
        pictures = [name for name in facts.inputs if name != MOMENT]
        feeds = {name: array[None] for name, array in zip(pictures, inputs, strict=True)}
        if MOMENT in facts.inputs:
            feeds[MOMENT] = np.array([t], np.float32)
        made = self._checked(self._program.run(feeds), *aligned[0].shape[:2])
        if self._face in ("split", "motion"):
            early, late = (np.ascontiguousarray(np.moveaxis(one, 0, -1)) for one in inputs)
            parts = [array[0] for array in made.values()]
            motion = parts if self._face == "split" else parted(*parts, *early.shape[:2])
            between = fuse(early, late, *motion, sampling=facts.sampling)
            return from_network(np.moveaxis(between, -1, 0))[:height, :width]
        picture = made[facts.output][0]
        upscaled = picture if self._face == "frame" else to_picture(picture, aligned[0])
        return upscaled[: height * facts.scale, : width * facts.scale]

    def _checked(self, made: Arrays, height: int, width: int) -> Arrays:
        """What a graph gave for frames of this size, if it is what the manifest promises."""
        wanted = self._promised(height * self._facts.scale, width * self._facts.scale, made)
        for name, shape in wanted.items():
            found = made[name].shape if name in made else f"no '{name}'"
            if found != shape:
                raise BadInput(f"a graph of {self._facts.name} gives {found} where its manifest promises {shape}")
        return {name: made[name] for name in wanted}

    def _promised(self, height: int, width: int, made: Arrays) -> dict[str, tuple[int, ...]]:
        """Output name -> shape for a picture of this size; a motion map may be smaller by a whole number."""
        facts = self._facts
        if self._face == "frame":
            return {facts.output: (1, height, width, 3)}
        parts = PARTS.get(self._face, {facts.output: facts.channels})
        smaller = round(height / max(1, *made["motion"].shape[2:3])) if self._face == "motion" else 1
        sides = height // max(1, smaller), width // max(1, smaller)
        return {name: (1, channels, *sides) for name, channels in parts.items()}


def _padded(frame: np.ndarray, align: int) -> np.ndarray:
    """A frame whose sides are multiples of `align`, its edge repeated below and to the right."""
    below, right = (-side % align for side in frame.shape[:2])
    return np.pad(frame, ((0, below), (0, right), (0, 0)), mode="edge") if below or right else frame


def measure(bundle: Bundle) -> Iterator[Measured]:
    """Run every graph of a bundle on its samples, each file once.

    Raises BadInput for a bundle without samples, and what `Runner` raises.
    """
    known: dict[str, Measured] = {}
    for graph in bundle.manifest.graphs:
        if graph.file not in known:
            known[graph.file] = measure_one(bundle, graph)
        yield replace(known[graph.file], graph=graph)


def measure_one(bundle: Bundle, graph: Graph) -> Measured:
    """Run one graph of a bundle on its samples. Raises as `measure`."""
    return against_expected(bundle, graph, pictures(bundle, graph))


def pictures(bundle: Bundle, graph: Graph) -> list[np.ndarray]:
    """What a graph makes of each sample, uint8 (H, W, 3) BGR. Raises as `measure`."""
    if not bundle.manifest.samples:
        raise BadInput(f"{bundle.source} holds no sample pictures to measure its graphs on")
    run = Runner(bundle.whole(graph), graph.face, bundle.manifest)
    return [run(*_case(bundle, sample)[:2]) for sample in bundle.manifest.samples]


def against_expected(bundle: Bundle, graph: Graph, made: Sequence[np.ndarray]) -> Measured:
    """The `pictures` of a graph held against those that are expected."""
    expected = [_case(bundle, sample)[2] for sample in bundle.manifest.samples]
    return Measured(graph, *_against(made, expected))


def least(bundle: Bundle, graph: Graph) -> float:
    """The PSNR in dB that a graph is to reach; BadInput for a bundle that states none for its precision."""
    limit = bundle.manifest.limits.get(f"psnr_{graph.precision}")
    if limit is None:
        raise BadInput(f"{bundle.source} states no limit for {graph.precision}; seal it again")
    return limit


def _case(bundle: Bundle, sample: Sample | PairSample) -> Case:
    pair = isinstance(sample, PairSample)
    names = (sample.before, sample.after) if pair else (sample.input,)
    *frames, expected = (picture.decode(bundle.files[name], name) for name in (*names, sample.expected))
    return frames, sample.t if pair else 0.5, expected


def _against(made: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> tuple[int, float]:
    """Largest error in grey levels, and PSNR in dB over all samples together."""
    ours, theirs = (np.concatenate([bgr.ravel() for bgr in bgrs]) for bgrs in (made, expected))
    return int(np.abs(ours.astype(int) - theirs).max()), psnr(ours, theirs)


def judge(bundle: Bundle) -> Iterator[Verdict]:
    """Hold every graph of a bundle against the limit of its precision.

    Raises BadInput for a bundle that states no such limit, and what `measure` raises.
    """
    for found in measure(bundle):
        yield Verdict(found.graph, found.max_error, found.psnr, least(bundle, found.graph))
