"""Joined branches of unlike range, made alike before they share one 8-bit grid.

A convolution that reads features, flows and a moment, joined, reads all of them in steps as large as the one
that ranges furthest asks for: flows of thirty pixels leave features that end at 2 next to none. So each narrow
branch that comes out of a float island or a head, unrounded, is multiplied, channel by channel, until it ranges as far
as the widest branch, and the weights that read it are divided by the same. In float this changes nothing.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import NodeProto, helper, numpy_helper

from .calibration import Feeds
from .dataflow import delicate
from .graph import CONVOLUTIONS, SIZES, array, constants, producers, set_array, upstream
from .inside import inside


@dataclass(frozen=True)
class _Joint:
    """A convolution that reads joined channels."""

    weights: str
    concat: NodeProto
    in_float: list[int]
    """The branches that nothing has rounded before."""


def balanced(
    model: onnx.ModelProto, watched: Sequence[Feeds], floats: Collection[str]
) -> tuple[onnx.ModelProto, list[str]]:
    """The same function with its branches balanced, and the nodes that do it, which must stay in float.

    `floats` names the convolutions that are not quantized; ranges are those seen on `watched`.
    """
    model = copy.deepcopy(model)
    joints = list(_joints(model.graph, floats))
    ranges = _ranges(model, sorted({name for joint in joints for name in joint.concat.input}), watched)
    return model, [name for joint in joints for name in _balance(model.graph, joint, ranges)]


def _joints(graph: onnx.GraphProto, floats: Collection[str]) -> Iterator[_Joint]:
    """Those that something in float leads to, and whose weights nobody else reads."""
    made_by, readers = producers(graph), Counter(name for node in graph.node for name in node.input)
    unrounded = {*floats, *delicate(graph).heads}

    def in_float(branch: str) -> bool:
        ends = [node.name for node in upstream(graph, [branch], CONVOLUTIONS | SIZES) if node.op_type in CONVOLUTIONS]
        return unrounded.issuperset(ends)

    for node in graph.node:
        concat = made_by.get(node.input[0]) if node.op_type == "Conv" and node.name not in floats else None
        if concat is not None and concat.op_type == "Concat" and readers[node.input[1]] == 1:
            found = [index for index, name in enumerate(concat.input) if in_float(name)]
            if found:
                yield _Joint(node.input[1], concat, found)


def _ranges(model: onnx.ModelProto, names: Sequence[str], watched: Sequence[Feeds]) -> dict[str, np.ndarray]:
    """Tensor (N, C, H, W) -> how far from zero each of its channels goes."""
    if not names:
        return {}
    found = {name: np.zeros(1, np.float32) for name in names}
    for seen in inside(model, names, watched):
        for name, values in seen.items():
            found[name] = np.maximum(found[name], np.abs(values).max((0, 2, 3)))
    return found


def _balance(graph: onnx.GraphProto, joint: _Joint, ranges: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Multiply the narrow branches of one joint; gives the names of the nodes that do."""
    branches = [ranges[name] for name in joint.concat.input]
    widest = max(len(branch) for branch in branches)
    reach = max(branch.max() for branch in branches if len(branch) == widest)
    weights = constants(graph)[joint.weights]
    starts = np.cumsum([0, *map(len, branches)])
    for index in joint.in_float:
        branch = branches[index]
        if len(branch) < widest:
            gain = np.where(branch > 0, reach / np.maximum(branch, 1e-6), 1).astype(np.float32)[:, None, None]
            kernels = array(weights).copy()
            kernels[:, starts[index] : starts[index + 1]] /= gain
            set_array(weights, kernels)
            yield _multiply(graph, joint.concat, index, gain)


def _multiply(graph: onnx.GraphProto, concat: NodeProto, index: int, gain: np.ndarray) -> str:
    """Multiply one input of a concatenation, just before it."""
    label = f"{concat.name}/balance{index}"
    graph.initializer.append(numpy_helper.from_array(gain, f"{label}/gain"))
    place = next(place for place, node in enumerate(graph.node) if node.name == concat.name)
    graph.node.insert(place, helper.make_node("Mul", [concat.input[index], f"{label}/gain"], [label], name=label))
    concat.input[index] = label
    return label
