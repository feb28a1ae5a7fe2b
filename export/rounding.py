"""Kernels on the int8 grid whose sums, not only their entries, are right.

Rounding each weight to its nearest step leaves a kernel's sum off by up to half a step an entry. A
picture is mostly flat, so that error acts on it as a gain, and its brightness is off. Here the entries
nearest to the other side are flipped until each kernel's sum is right to half a step: the
kernel-wise step of SQuant (Guo et al. 2022). No data is needed.
"""

from __future__ import annotations

from collections.abc import Container

import onnx
import torch
from torch import Tensor

from .graph import CONVOLUTIONS, array, constants, set_array, stride

STEPS = 127
"""The largest weight of an output channel is this many steps: symmetric per-channel quantization."""


def round_kernels(model: onnx.ModelProto, skipped: Container[str]) -> None:
    """Round the weights of every convolution that is not in `skipped`, in place, still as float32.

    The grid is the one that symmetric per-channel quantization finds, so that it will change nothing.
    """
    tensors = constants(model.graph)
    for node in model.graph.node:
        if node.op_type in CONVOLUTIONS and node.name not in skipped:
            weight = tensors[node.input[1]]
            rounded = on_grid(torch.from_numpy(array(weight).copy()), node.op_type == "ConvTranspose", stride(node))
            set_array(weight, rounded.numpy())


def on_grid(weight: Tensor, transposed: bool, stride: int) -> Tensor:
    """(A, B, kh, kw) float weights -> the same on the grid, still float.

    Output channels are axis 0, or axis 1 where the convolution is `transposed`; there each of the
    stride's phases makes its own output pixels and so is a kernel of its own.
    """
    channel = 1 if transposed else 0
    step = weight.abs().amax([axis for axis in range(4) if axis != channel], keepdim=True) / STEPS
    exact = weight / torch.where(step == 0, 1, step)
    whole = exact.round()
    phases = stride if transposed else 1
    for top in range(phases):
        for left in range(phases):
            phase = (..., slice(top, None, phases), slice(left, None, phases))
            whole[phase] = _balanced(whole[phase], exact[phase])
    return whole * step


def _balanced(whole: Tensor, exact: Tensor) -> Tensor:
    """Flip the entries closest to the other side until each kernel's rounding errors sum to about zero."""
    kernels = whole.flatten(0, 1).flatten(1).clone()
    error = kernels - exact.flatten(0, 1).flatten(1)
    excess = error.sum(1, keepdim=True).round()
    # The entry that makes the step must stay, or the grid would change.
    movable = torch.where(kernels.abs() == STEPS, -torch.inf, error * excess.sign())
    rank = movable.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    kernels -= torch.where(rank < excess.abs(), excess.sign(), 0)
    return kernels.view(whole.shape)
