"""int8 arithmetic imitated while training, so that the weights learn to live with it (QAT).

Rounding has no slope; gradients pass through it as if it were not there (straight-through estimator,
Bengio et al. 2013; Jacob et al. 2018). Weights are rounded as `export` rounds them and activations on
256 steps over the range of the batch, as the CPU graphs have them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ..core.int8_grid import on_grid


class FakeQuant(TorchFunctionMode):
    """Within this block every 2-D convolution computes on 8-bit inputs and weights, in any network."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Intercept the convolutions."""
        if func in (torch.conv2d, torch.conv_transpose2d):
            x, weight, *rest = args
            transposed = func is torch.conv_transpose2d
            stride = _first((kwargs or {}).get("stride", rest[1] if len(rest) > 1 else 1))
            args = (_straight_through(x, _on_batch_grid), _rounded(weight, transposed, stride), *rest)
        return func(*args, **(kwargs or {}))


def _first(stride: Any) -> int:
    return stride if isinstance(stride, int) else stride[0]


def _rounded(weight: Tensor, transposed: bool, stride: int) -> Tensor:
    return _straight_through(weight, lambda exact: on_grid(exact, transposed, stride))


def _on_batch_grid(x: Tensor) -> Tensor:
    """256 steps from the least (or 0) to the greatest (or 0) value of a batch."""
    step = (x.max().clamp_min(0) - x.min().clamp_max(0)) / 255
    return torch.where(step == 0, x, (x / step).round() * step)


def _straight_through(exact: Tensor, rounding: Any) -> Tensor:
    with torch.no_grad():
        error = rounding(exact.detach()) - exact
    return exact + error
