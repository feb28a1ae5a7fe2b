"""The grids of int8 arithmetic, and how a checkpoint keeps the ranges that a network was trained to compute on.

Activations lie on steps over the range of one tensor, weights on 127 steps to each side of zero, of a size of its own
for each output channel.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from .errors import BadInput

Range = tuple[float, float]
"""The least and the greatest value of an activation; 0 lies between them."""

PART = "int8"
"""The part of a layer that holds the range of its input: `body.0.int8.low` is that of `body.0`."""
WEIGHT_STEPS = 127
_LEAST = 1e-8
"""Keeps a step from being zero where all values are."""


def bounds(signed: bool) -> tuple[int, int]:
    """The least and the greatest whole number on an activation's grid."""
    return (-127, 127) if signed else (0, 255)


def rounded(exact: Tensor) -> Tensor:
    """To whole numbers; gradients pass as if it were not done (straight-through estimator, Bengio et al. 2013)."""
    return exact.round().detach() + (exact - exact.detach())


def activation_grid(low: Tensor, high: Tensor, signed: bool) -> tuple[Tensor, Tensor]:
    """Step and zero-point, scalars: `signed` has 127 steps to each side of zero, otherwise there are 255 in all."""
    if signed:
        return (torch.maximum(-low, high) / 127).clamp_min(_LEAST), torch.zeros_like(low)
    step = ((high - low) / 255).clamp_min(_LEAST)
    return step, rounded(-low / step)


def weight_steps(weight: Tensor, transposed: bool) -> Tensor:
    """Step for each output channel: axis 0 of the weight (A, B, kh, kw), or axis 1 of a transposed convolution."""
    return (weight.detach().abs().amax((0, 2, 3) if transposed else (1, 2, 3)) / WEIGHT_STEPS).clamp_min(_LEAST)


def split(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Range]]:
    """A state dict -> its weights, and layer -> range of its input. Raises BadInput for ranges that are none."""
    ends = tuple(f".{PART}.{end}" for end in ("low", "high"))
    weights = {name: value for name, value in state.items() if not name.endswith(ends)}
    found = {name.rpartition(f".{PART}.")[0] for name in state.keys() - weights.keys()}
    return weights, {layer: _range(state, f"{layer}.{PART}") for layer in sorted(found)}


def _range(state: Mapping[str, Tensor], name: str) -> Range:
    try:
        low, high = (float(state[f"{name}.{end}"]) for end in ("low", "high"))
    except (KeyError, ValueError, RuntimeError) as error:
        raise BadInput(f"the checkpoint's tensors {name}.low and .high are no range of int8") from error
    if not (math.isfinite(low) and math.isfinite(high)):
        raise BadInput(f"the checkpoint's {name} goes from {low} to {high}, which is no range of int8")
    return min(low, 0.0), max(high, 0.0)
