"""What the kernels of a graph read: the patches under them, as their second moments."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from onnx import NodeProto, helper
from torch import Tensor
from torch.nn import functional as F

from .calibration import Feeds
from .inside import inside

_PATCHES = 4096
"""Of one input, at most: more tell the same."""
_LARGEST = 1024
"""Entries of a kernel."""


def moments(model: onnx.ModelProto, watched: Sequence[Feeds], skipped: Container[str]) -> dict[str, Tensor]:
    """Name of each convolution -> mean of p p' over patches p that it reads, (n, n), laid out as its kernels are.

    Not of those in `skipped`, of transposed ones, whose kernels read a pixel each, and of such large ones that a wrong
    entry is one of many.
    """
    dims = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv" and node.name not in skipped]
    nodes = [node for node in convolutions if math.prod(dims[node.input[1]][1:]) <= _LARGEST]
    given = {value.name for value in model.graph.input}
    names = sorted({node.input[0] for node in nodes} - given)
    found: dict[str, Any] = dict.fromkeys((node.name for node in nodes), 0.0)
    for feeds, seen in zip(watched, inside(model, names, watched), strict=True):
        for node in nodes:
            read = feeds[node.input[0]] if node.input[0] in given else seen[node.input[0]]
            patches = _patches(node, read, dims[node.input[1]][2:])
            found[node.name] = found[node.name] + (patches.T @ patches).double() / (len(patches) * len(watched))
    return found


def _patches(node: NodeProto, read: np.ndarray, side: tuple[int, ...]) -> Tensor:
    """(number, n) of some of them, evenly spread."""
    top, left, bottom, right = _fact(node, "pads", [0, 0, 0, 0])
    padded = F.pad(torch.from_numpy(read), (left, right, top, bottom))
    cut = F.unfold(padded, side, _fact(node, "dilations", [1, 1]), 0, _fact(node, "strides", [1, 1]))
    patches = cut.movedim(1, 2).flatten(0, 1)
    return patches[:: -(-len(patches) // _PATCHES)].contiguous()


def _fact(node: NodeProto, name: str, otherwise: Any) -> Any:
    return next((helper.get_attribute_value(one) for one in node.attribute if one.name == name), otherwise)
