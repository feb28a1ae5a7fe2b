"""Kernels put on the int8 grid so that their sums, not only their entries, are right.

Rounding each weight to its nearest step leaves a kernel's sum off by up to half a step an entry. A
picture is mostly flat, so that error acts on it as a gain, and the picture's brightness is off. Here
the entries nearest to the other side are flipped until each kernel's sum is right to half a step:
the kernel-wise step of SQuant (Guo et al. 2022). No data is needed.
"""

from __future__ import annotations

import numpy as np
import onnx

from .graph import CONVOLUTIONS, array, constants, set_array

_STEPS = 127


def round_kernels(model: onnx.ModelProto, skipped: frozenset[str]) -> None:
    """Round the weights of every convolution that is not in `skipped`, in place, still as float32.

    The grid is the one that symmetric per-channel quantization will find: the largest weight of an
    output channel is 127 steps.
    """
    tensors = constants(model.graph)
    for node in model.graph.node:
        if node.op_type in CONVOLUTIONS and node.name not in skipped:
            weight = tensors[node.input[1]]
            transposed = node.op_type == "ConvTranspose"
            stride = next((list(a.ints) for a in node.attribute if a.name == "strides"), [1, 1])
            set_array(weight, _rounded(array(weight), 1 if transposed else 0, stride if transposed else [1, 1]))


def _rounded(weight: np.ndarray, channel_axis: int, stride: list[int]) -> np.ndarray:
    """(A, B, kh, kw) -> the same on its grid; each of the stride's phases is a kernel of its own."""
    others = tuple(axis for axis in range(4) if axis != channel_axis)
    step = np.abs(weight).max(axis=others, keepdims=True) / _STEPS
    exact = weight / np.where(step == 0, 1, step)
    whole = np.rint(exact)
    for top in range(stride[0]):
        for left in range(stride[1]):
            phase = (..., slice(top, None, stride[0]), slice(left, None, stride[1]))
            whole[phase] = _balanced(whole[phase], exact[phase])
    return (whole * step).astype(np.float32)


def _balanced(whole: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Flip the entries closest to the other side until each kernel's rounding errors sum to about zero."""
    kernels = whole.reshape(-1, whole.shape[-2] * whole.shape[-1]).copy()
    error = kernels - exact.reshape(kernels.shape)
    excess = np.rint(error.sum(1)).astype(int)
    # The step that makes the scale must stay, or the grid would change.
    movable = np.where(np.abs(kernels) == _STEPS, -np.inf, error * np.sign(excess)[:, None])
    order = np.argsort(-movable, axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    kernels -= np.where(rank < np.abs(excess)[:, None], np.sign(excess)[:, None], 0)
    return kernels.reshape(whole.shape)
