"""Sizes that a graph does not take."""

from __future__ import annotations

import re
from collections.abc import Iterator

from onnx import NodeProto

from ..finding import Check, Finding, Graph
from ..graph import array

_SHRINK = {"Conv": "strides", "MaxPool": "strides", "AveragePool": "strides", "SpaceToDepth": "blocksize"}
_GROW = {"ConvTranspose": "strides", "DepthToSpace": "blocksize", "Resize": "", "Upsample": ""}
_UNSHUFFLES = [0, 1, 3, 5, 2, 4], [0, 3, 5, 1, 2, 4]
"""N, C, H/n, n, W/n, n with both n before the sides, behind or before the channels."""
_JOIN = ("Add", "Concat", "Mul", "Sub", "Sum")


def _find(graph: Graph) -> Iterator[Finding]:
    multiple = max(_named(graph), _walked(graph))
    if multiple > 1:
        told = f"height and width must be multiples of {multiple}"
        mend = "pad frames by repeating their edge and crop what comes out, as pocketlens.runtime does; or --face frame"
        yield Finding("note", graph.model.graph.input[0].name, told, mend)


def _named(graph: Graph) -> int:
    """What the names of dimensions say, such as `16*height`."""
    dims = [dim for value in graph.model.graph.input for dim in value.type.tensor_type.shape.dim]
    found = (re.match(r"(\d+)\*", dim.dim_param) for dim in dims)
    return max((int(match[1]) for match in found if match), default=1)


def _walked(graph: Graph) -> int:
    """By how much the network shrinks what it divides without rest, or enlarges again and joins with something else."""
    shrunk: dict[str, int] = {}
    needed = deepest = 1
    grown = False
    for node in graph.nodes:
        if node.op_type == "Pad" and not all(name in graph.constants for name in node.input[1:2]):
            return 1  # It pads itself, by what it finds.
        fed = [name for name in node.input if name not in graph.constants]
        folded = _unshuffled(node, graph)
        factor = max((shrunk.get(name, 1) for name in fed), default=1) * _step(node, _SHRINK) * folded
        deepest, grown = max(deepest, factor), grown or node.op_type in _GROW
        if node.op_type == "SpaceToDepth" or folded > 1:
            needed = max(needed, factor)
        elif grown and node.op_type in _JOIN and len(fed) > 1:
            needed = max(needed, deepest)
        shrunk |= dict.fromkeys(node.output, max(1, factor // _step(node, _GROW)))
    return needed


def _step(node: NodeProto, factors: dict[str, str]) -> int:
    """By how much a node shrinks or grows; 1 where that is none of its attributes."""
    wanted = factors.get(node.op_type)
    held = next((attribute for attribute in node.attribute if attribute.name == wanted), None)
    return 1 if held is None else max(held.ints, default=held.i)


def _unshuffled(node: NodeProto, graph: Graph) -> int:
    """By how much it shrinks as the middle of a pixel unshuffle that is written as Reshape, Transpose, Reshape."""
    order = next((list(attribute.ints) for attribute in node.attribute if attribute.name == "perm"), [])
    if node.op_type != "Transpose" or order not in _UNSHUFFLES:
        return 1
    before = graph.made_by.get(node.input[0])
    shape = graph.constants.get(before.input[1]) if before is not None and before.op_type == "Reshape" else None
    return max(1, int(array(shape)[3])) if shape is not None else _written_side(before, graph)


def _written_side(reshape: NodeProto | None, graph: Graph) -> int:
    """The fourth of the sizes that a Reshape is given, where they are put together and that one is written."""
    joined = graph.made_by.get(reshape.input[1]) if reshape is not None and reshape.op_type == "Reshape" else None
    if joined is None or joined.op_type != "Concat":
        return 1
    held = [graph.constants.get(name) for name in joined.input]
    sizes = [size for one in held for size in ([0] if one is None else array(one).tolist())]
    return max(1, sizes[3]) if len(sizes) == len(_UNSHUFFLES[0]) else 1


CHECK = Check(_find)
