"""Numbers of channels that fill vector units badly."""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Check, Finding, Graph
from ..graph import CONVOLUTIONS

_UNIT = 8
_LIKED = 16
_PICTURES = 4
"""Up to as many channels are those of pictures, which nobody can choose."""


def _find(graph: Graph) -> Iterator[Finding]:
    for node in graph.nodes:
        kernel = graph.constants.get(node.input[1]) if node.op_type in CONVOLUTIONS else None
        if kernel is None or len(kernel.dims) < 2:
            continue
        odd = sorted({count for count in kernel.dims[:2] if count > _PICTURES and count % _UNIT})
        if odd:
            told = f"{' and '.join(map(str, odd))} channels leave lanes of vector units empty"
            yield Finding("note", node.name, told, f"choose multiples of {_LIKED}, or of {_UNIT} at the least")


CHECK = Check(_find)
