"""A checkpoint as a bundle in memory, so that a runtime takes it like any other model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from ..core.bundle import Bundle, Compute
from ..core.manifest import Face, Graph, Processor
from .options import open_checkpoint

if TYPE_CHECKING:
    from ..core.checkpoint import Checkpoint


def bundle_of(path: Path) -> Bundle:
    """A run folder or weights file -> a bundle of its fp32 graphs for engines alone, measured on nothing.

    Raises BadInput for what is no checkpoint or of a damaged run, MachineCannot without torch.
    """
    made = as_bundle(open_checkpoint(str(path)), path)
    from .provenance import card_of, curve_of, degradation_of, provenance_of

    run = provenance_of(path)
    told = {
        "degradation": degradation_of(run),
        "provenance": {**run, **made.manifest.provenance},
        "card": card_of(path),
        "curve": curve_of(path),
    }
    return Bundle(made.manifest.model_copy(update=told), made.files, made.source, made.original)


def as_bundle(trained: Checkpoint, path: Path) -> Bundle:
    """The same of a network that was opened, without a word of where it is from."""
    from .build import Graphs
    from .describe import describe
    from .faces import faces_of

    source = Graphs(trained)
    wanted: tuple[Face, ...] = ("float", "motion")
    names: dict[Face, str] = {face: f"graphs/fp32-{face}.onnx" for face in wanted if face in faces_of(trained.spec)}
    graphs = [
        Graph(file=name, precision="fp32", face=face, target=target)
        for face, name in names.items()
        for target in get_args(Processor)
    ]
    files = {name: source.build("fp32", face).SerializeToString() for face, name in names.items()}
    return Bundle(describe(trained, path.stem, graphs), files, str(path), partial(_in_torch, trained))


def _in_torch(trained: Checkpoint, threads: int) -> Compute:
    """The `float` face as torch computes it, which has one number of threads for the whole process."""
    import torch

    from .view import Interpolating, Upscaling

    torch.set_num_threads(threads)
    spec, network = trained.spec, trained.deployed()
    view = Upscaling(network) if spec.task == "upscale" else Interpolating(network, split=False)

    def compute(feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        with torch.inference_mode():
            made = view(*(torch.from_numpy(feeds[name]) for name in spec.inputs))
        picture = made[0] if isinstance(made, tuple) else made
        return {spec.output: picture.numpy()}

    return compute


SOURCE = bundle_of
