"""Kernels on the int8 grid that make of pictures what they made before, not only entries that are near.

Rounding each weight to its nearest step is best for patches of noise. Those under the kernels of a network are far from
that: neighbours are alike, and mostly flat. So errors of rounding are weighed by the second moments H of the patches
that a kernel is seen to read, e' H e, and made small together: an error made in one entry is undone by those not yet
rounded (GPTQ, Frantar et al. 2023), then single entries are moved for as long as that helps.

Where no patches were seen, kernels keep at least their sums: as a picture is mostly flat, an error in the sum acts on
it as a gain. The entries nearest to the other side are flipped until it is right to half a step: the kernel-wise step
of SQuant (Guo et al. 2022).
"""

from __future__ import annotations

from collections.abc import Container, Mapping

import onnx
import torch
from torch import Tensor

from .graph import CONVOLUTIONS, array, constants, set_array, stride

STEPS = 127
"""The largest weight of an output channel is this many steps: symmetric per-channel quantization."""
_DAMPING = 1e-4
"""Of the mean second moment, added to each: patches that were not seen exist."""
_SWEEPS = 4


def round_kernels(model: onnx.ModelProto, skipped: Container[str], moments: Mapping[str, Tensor]) -> None:
    """Round the weights of every convolution that is not in `skipped`, in place, still as float32.

    `moments`: name of the node -> second moments of the patches that it reads, as `patches.moments` tells them. The
    grid is the one that symmetric per-channel quantization finds, so that it will change nothing.
    """
    tensors = constants(model.graph)
    for node in model.graph.node:
        if node.op_type in CONVOLUTIONS and node.name not in skipped:
            weight = tensors[node.input[1]]
            exact = torch.from_numpy(array(weight).copy())
            if node.name in moments:
                rounded = as_seen(exact, moments[node.name])
            else:
                rounded = on_grid(exact, node.op_type == "ConvTranspose", stride(node))
            set_array(weight, rounded.numpy())


def as_seen(weight: Tensor, moments: Tensor) -> Tensor:
    """(O, I, kh, kw) float weights -> the same on the grid, still float; `moments`: (n, n), n = I*kh*kw."""
    exact = weight.flatten(1).double()
    largest = exact.abs().amax(1, keepdim=True)
    step = torch.where(largest == 0, 1, largest) / STEPS
    # The entry that makes the step must stay, or the grid would change.
    fixed = exact.abs() == largest
    seen = moments + _DAMPING * moments.diagonal().mean().clamp_min(1e-12) * torch.eye(len(moments)).double()
    sums_kept = on_grid(weight, transposed=False, stride=1).flatten(1).double() / step
    starts = _undone_by_others(exact / step, fixed, seen), sums_kept.round()
    ends = torch.stack([_moved(whole, exact / step, fixed, seen) for whole in starts])
    off = ends - exact / step
    best = ((off @ seen) * off).sum(2).argmin(0)
    return (ends[best, torch.arange(len(best))] * step).float().view_as(weight)


def _undone_by_others(exact: Tensor, fixed: Tensor, moments: Tensor) -> Tensor:
    """Rows in steps -> whole numbers; what is lost in one column is made up for in those after it."""
    spread = torch.linalg.cholesky(torch.linalg.inv(moments), upper=True)
    left, whole = exact.clone(), torch.empty_like(exact)
    for column in range(exact.shape[1]):
        rounded = left[:, column].round().clamp(-STEPS, STEPS)
        whole[:, column] = torch.where(fixed[:, column], exact[:, column], rounded)
        lost = (left[:, column] - whole[:, column]) / spread[column, column]
        left[:, column:] -= lost[:, None] * spread[column, column:]
    return whole


def _moved(whole: Tensor, exact: Tensor, fixed: Tensor, moments: Tensor) -> Tensor:
    """Each entry at its best for the others as they are, some times over."""
    slope = (whole - exact) @ moments
    for _ in range(_SWEEPS):
        for column in range(whole.shape[1]):
            best = (whole[:, column] - slope[:, column] / moments[column, column]).round().clamp(-STEPS, STEPS)
            change = torch.where(fixed[:, column], 0, best - whole[:, column])
            whole[:, column] += change
            slope += change[:, None] * moments[column]
    return whole


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
