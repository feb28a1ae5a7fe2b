"""PReLU, which engines run as a pass of its own where they fuse ReLU."""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Check, Finding, Graph


def _find(graph: Graph) -> Iterator[Finding]:
    for node in graph.nodes:
        if node.op_type == "PRelu":
            told = "PReLU is a pass over memory of its own, and int8 engines leave it in float"
            yield Finding("warning", node.name, told, "train with ReLU, which is fused into the convolution before it")


CHECK = Check(_find)
