"""What TensorRT refuses, or takes for something else: export says so before it asks TensorRT."""

from __future__ import annotations

from pathlib import Path

from .checks import grid_sample, int32_bias, unsigned, zero_point
from .finding import Graph, findings

CHECKED = (unsigned, zero_point, int32_bias, grid_sample)
"""Every student in every precision and face that is exported for TensorRT is free of their errors."""


def refusal(graph: Graph, path: Path) -> str | None:
    """The first of their errors, and its mend, as goes after the name of a file; None for a graph that is taken."""
    for check in CHECKED:
        for finding in findings(check.CHECK, graph):
            fix = f", or: pocketlens doctor {path} --fix -o FILE.onnx" if finding.fixable else ""
            return f"{finding.node}: {finding.told}; {finding.mend}{fix}"
    return None
