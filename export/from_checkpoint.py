"""A checkpoint as a bundle in memory, so that a runtime takes it like any other model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..core.bundle import Bundle
from ..core.manifest import Graph
from .options import open_checkpoint

if TYPE_CHECKING:
    from ..core.checkpoint import Checkpoint


def bundle_of(path: Path) -> Bundle:
    """A run folder or weights file -> a bundle of its fp32 graphs for engines alone, measured on nothing.

    Raises BadInput for what is no checkpoint or of a damaged run, MachineCannot without torch.
    """
    made = as_bundle(open_checkpoint(str(path)), path)
    from .provenance import card_of, provenance_of

    origin = {**provenance_of(path), **made.manifest.provenance}
    facts = made.manifest.model_copy(update={"provenance": origin, "card": card_of(path)})
    return Bundle(facts, made.files, made.source)


def as_bundle(trained: Checkpoint, path: Path) -> Bundle:
    """The same of a network that was opened, without a word of where it is from."""
    from .build import Graphs
    from .describe import describe
    from .faces import faces_of

    source = Graphs(trained)
    graphs = [
        Graph(file=f"graphs/fp32-{face}.onnx", precision="fp32", face=face, target="cpu")
        for face in faces_of(trained.spec)
        if face in ("float", "motion")
    ]
    files = {graph.file: source.build("fp32", graph.face).SerializeToString() for graph in graphs}
    return Bundle(describe(trained, path.stem, graphs), files, str(path))


SOURCE = bundle_of
