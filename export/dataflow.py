"""Which nodes of a graph hold places and pictures, and so need more digits than fp16 or int8 have.

A trunk of convolutions is content with few digits. What is made of its result is not: a place in a frame
3840 pixels wide needs twelve bits before the point and some behind it, and fp16 has eleven in all, so that
rounded coordinates make the picture shake, the more the further right and down. And a picture shows every
step of an 8-bit grid.

The rule: from the grid of every GridSample, and from every output, walk back to the nearest convolutions.
What is passed on the way (grid coordinates, the sum of flows, their enlarging, reciprocals, the blend) is
delicate, and so is every GridSample. What a GridSample samples is not followed: features may be coarse,
places may not. The convolutions where the walks end are the heads. Names play no part.
"""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from .graph import CONVOLUTIONS, SIZES, upstream

WARP = "GridSample"


@dataclass(frozen=True)
class Delicate:
    """What must keep its digits, by the names of nodes and in the graph's order."""

    nodes: tuple[str, ...]
    """Everything behind the last convolutions, and every warp."""
    heads: tuple[str, ...]
    """The convolutions whose results that starts from."""


def delicate(graph: onnx.GraphProto) -> Delicate:
    """What the rule above finds."""
    ends = [output.name for output in graph.output]
    grids = [name for node in graph.node if node.op_type == WARP for name in (node.input[1], *node.output)]
    found = {node.name for node in upstream(graph, [*ends, *grids], through=CONVOLUTIONS | SIZES | {WARP})}
    passed = [node for node in graph.node if node.name in found]
    return Delicate(
        nodes=tuple(node.name for node in passed if node.op_type not in CONVOLUTIONS),
        heads=tuple(node.name for node in passed if node.op_type in CONVOLUTIONS),
    )


def warps(graph: onnx.GraphProto) -> bool:
    """Whether the graph fetches pixels from where it computes."""
    return any(node.op_type == WARP for node in graph.node)
