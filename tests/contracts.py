"""Bundles with a contract, and worse ones made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from pocketlens.core import picture
from pocketlens.core.bundle import Bundle, read
from pocketlens.core.limits import Limits
from pocketlens.core.locate import shipped_bundles
from pocketlens.core.manifest import PairSample, Sample
from pocketlens.core.resize import shrink
from pocketlens.export.pairs import draw_pairs
from pocketlens.export.samples import draw
from pocketlens.runtime.contract.measured import contract_of

Change = Callable[[onnx.ModelProto], None]
"""What is done to a graph."""


def sealed(bundle: Bundle, limits: Limits | None = None) -> Bundle:
    """The bundle with a contract that says nothing of time."""

    def unwatched(steps: int = 1, note: str = "") -> None:
        pass

    return changed(bundle, contract=contract_of(bundle, {}, limits or Limits(), 1, 0, unwatched))


def changed(bundle: Bundle, **facts: object) -> Bundle:
    """The bundle with other facts in its manifest."""
    return Bundle(bundle.manifest.model_copy(update=facts), bundle.files, bundle.source)


def shipped(name: str) -> Bundle:
    """A shipped bundle without a contract."""
    return changed(read(shipped_bundles()[name]), contract=None)


def with_pictures(path: Path, count: int = 12) -> Bundle:
    """An upscaling bundle with drawn samples; what is expected of them is left out of account."""
    bundle, files, samples = read(path), {}, []
    for name, truth in draw()[:count]:
        small = picture.encode(shrink(truth, bundle.manifest.scale))
        files |= {f"{name}-in.png": small, f"{name}.png": picture.encode(truth)}
        samples.append(Sample(input=f"{name}-in.png", expected=f"{name}.png", truth=f"{name}.png"))
    return Bundle(bundle.manifest.model_copy(update={"samples": samples}), {**bundle.files, **files}, str(path))


def with_pairs(path: Path, count: int = 6) -> Bundle:
    """The same of one that interpolates."""
    bundle, files, samples = read(path), {}, []
    for one in draw_pairs()[:count]:
        parts = {"before": one.before, "after": one.after, "truth": one.truth}
        names = {part: f"{one.name}-{part}.png" for part in parts}
        files |= {names[part]: picture.encode(bgr) for part, bgr in parts.items()}
        samples.append(PairSample(**names, expected=names["truth"], t=one.t))
    return Bundle(bundle.manifest.model_copy(update={"samples": samples}), {**bundle.files, **files}, str(path))


def with_graph(
    bundle: Bundle,
    precision: str,
    change: Change,
    face: str = "float",
    target: str = "cpu",
) -> Bundle:
    """The bundle with one graph changed, by default that which engines on CPUs run."""
    found = [g for g in bundle.manifest.graphs if (g.precision, g.face, g.target) == (precision, face, target)]
    return with_graphs(bundle, {found[0].file: change})


def with_graphs(bundle: Bundle, changes: Mapping[str, Change]) -> Bundle:
    """The bundle with graphs changed, by their files; these then share no weights with others."""
    files = dict(bundle.files)
    for graph in bundle.manifest.graphs:
        if graph.file in changes and files[graph.file] is bundle.files[graph.file]:
            model = onnx.load_from_string(bundle.whole(graph))
            changes[graph.file](model)
            files[graph.file] = model.SerializeToString()
    graphs = [g.model_copy(update={"weights": []}) if g.file in changes else g for g in bundle.manifest.graphs]
    return Bundle(bundle.manifest.model_copy(update={"graphs": graphs}), files, bundle.source)


def after_the_end(kind: str, facts: Mapping[str, Any] | None = None, **given: np.ndarray) -> Change:
    """Puts a node with some attributes and constants behind a graph's only output, which keeps its name."""

    def change(model: onnx.ModelProto) -> None:
        graph = model.graph
        end = graph.output[0].name
        before = f"{end}_{len(graph.node)}"
        for node in graph.node:
            node.output[:] = [before if name == end else name for name in node.output]
            node.input[:] = [before if name == end else name for name in node.input]
        graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in given.items())
        graph.node.append(helper.make_node(kind, [before, *given], [end], **(facts or {})))

    return change


def constants(model: onnx.ModelProto, kind: str) -> list[onnx.TensorProto]:
    """The constants that nodes of a kind take, but their data."""
    taken = {name for node in model.graph.node if node.op_type == kind for name in node.input[1:]}
    return [tensor for tensor in model.graph.initializer if tensor.name in taken]


def replace(tensor: onnx.TensorProto, values: np.ndarray) -> None:
    """Give a constant other values."""
    tensor.CopyFrom(numpy_helper.from_array(values.astype(numpy_helper.to_array(tensor).dtype), tensor.name))
