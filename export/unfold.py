"""A graph with the bodies of its Ifs, Loops and Scans unfolded into it, for whoever asks what happens in them.

It is to be looked at and not to be run: both branches of an If are there, with a Where between what they give, and the
body of a Loop or a Scan is there once, for its first turn.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import AttributeProto, GraphProto, NodeProto, TensorProto, helper, numpy_helper

from .graph import lifted

_ONE, _ALL = "the first turn", "all turns"
"""Indices by which a Gather takes a dimension away, and adds one: of what is given, or made, turn by turn."""


@dataclass
class Unfolded:
    """The graph, and what of it was none of its own."""

    model: onnx.ModelProto
    within: dict[str, str] = field(default_factory=dict)
    """Name of each node that was in a body, or stands at its edge -> the outermost node whose body that is."""
    choices: set[str] = field(default_factory=set)
    """The Wheres that stand for Ifs, by name: of their inputs the second and third are what the branches give."""


def bodies(node: NodeProto) -> list[GraphProto]:
    """The graphs within a node: of an If first the branch where its condition holds."""
    held = {attribute.name: attribute.g for attribute in node.attribute if attribute.type == AttributeProto.GRAPH}
    return [held[name] for name in sorted(held, reverse=True)]


def unfolded(model: onnx.ModelProto) -> Unfolded:
    """All of a `named` graph in one; what is its own keeps its name, and what is in bodies gets one of its own."""
    found = Unfolded(copy.deepcopy(model))
    graph = found.model.graph
    del graph.node[:]
    for name, shape in ((_ONE, ()), (_ALL, (1, 1))):
        graph.initializer.append(numpy_helper.from_array(np.zeros(shape, np.int64), name))
    for node in model.graph.node:
        graph.node.extend(_flat(node, found, {}, node.name, node.name))
    found.model = lifted(found.model)
    return found


def _flat(node: NodeProto, into: Unfolded, names: Mapping[str, str], label: str, outermost: str) -> Iterator[NodeProto]:
    """A node, its tensors called by `names`; one with bodies as what is in them, and what goes in and out."""
    if not bodies(node):
        own = copy.deepcopy(node)
        own.name = label
        own.input[:], own.output[:] = ([names.get(name, name) for name in ends] for ends in (node.input, node.output))
        yield own
        return
    for one in _opened(node, into, names, label, outermost):
        into.within[one.name] = outermost
        yield one


def _opened(
    node: NodeProto, into: Unfolded, names: Mapping[str, str], label: str, outermost: str
) -> Iterator[NodeProto]:
    given, made = ([names.get(name, name) for name in ends] for ends in (node.input, node.output))
    results: list[list[str]] = []
    for number, body in enumerate(bodies(node)):
        inner = dict(names) | {name: f"{label}/{number}/{name}" for name in _own(body)}
        into.model.graph.initializer.extend(_renamed(tensor, inner) for tensor in body.initializer)
        for at, (value, source) in enumerate(zip(body.input, given, strict=False)):
            if source:
                by_turns = at >= len(given) - _scanned(node)
                yield _edge([source], inner[value.name], f"{label}/{number}/in {at}", _ONE if by_turns else "")
        for at, one in enumerate(body.node):
            yield from _flat(one, into, inner, f"{label}/{number}/{one.op_type} {at}", outermost)
        results.append([inner.get(value.name, value.name) for value in body.output[-len(made) :]])
    for at, (name, *sources) in enumerate(zip(made, *results, strict=False)):
        if node.op_type == "If":
            into.choices.add(f"{label}/out {at}")
            yield helper.make_node("Where", [given[0], *sources], [name], f"{label}/out {at}")
        else:
            yield _edge(sources, name, f"{label}/out {at}", _ALL if at >= _carried(node) else "")


def _own(body: GraphProto) -> Iterator[str]:
    """The tensors that are a body's own, and not those of what it lies in."""
    yield from (value.name for value in body.input)
    yield from (tensor.name for tensor in body.initializer)
    yield from (name for node in body.node for name in node.output if name)


def _renamed(tensor: TensorProto, names: Mapping[str, str]) -> TensorProto:
    tensor = copy.deepcopy(tensor)
    tensor.name = names[tensor.name]
    return tensor


def _scanned(node: NodeProto) -> int:
    """How many of its inputs a Scan goes through, turn by turn."""
    return next((attribute.i for attribute in node.attribute if attribute.name == "num_scan_inputs"), 0)


def _carried(node: NodeProto) -> int:
    """How many of its outputs are what was carried from turn to turn; the others are what each turn made, stacked."""
    return len(node.input) - _scanned(node) - (2 if node.op_type == "Loop" else 0)


def _edge(sources: list[str], made: str, label: str, turns: str) -> NodeProto:
    return helper.make_node("Gather" if turns else "Identity", [*sources, *([turns] if turns else [])], [made], label)
