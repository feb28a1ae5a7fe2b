"""int8 arithmetic imitated while training, so that the weights learn to live with it (QAT).

The grids are those of the exported graph, `core/int8_grid.py`. The range of an activation begins as the widest seen
and is then learned with the weights (LSQ, Esser et al. 2020): narrower, it clips, and wider, its steps are coarse.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ..core.int8_grid import PART, WEIGHT_STEPS, Range, activation_grid, bounds, rounded, weight_steps


def imitate_int8(network: nn.Module, ranges: Mapping[str, Range], signed: bool) -> None:
    """From now on these layers compute on 8-bit inputs and weights.

    `ranges` are those of their inputs. They are part of the network's state, each the part `int8_grid.PART` of its
    layer. `signed` is what TensorRT wants of activations.
    """
    for name, seen in ranges.items():
        _Grid(seen, signed).become_part_of(network.get_submodule(name))


@torch.no_grad()
def take_ranges(network: nn.Module, given: Iterable[tuple[Tensor, ...]]) -> None:
    """Widen the ranges of a network that imitates int8 to all that these inputs make of it."""
    grids = [part for part in network.modules() if isinstance(part, _Grid)]
    for grid in grids:
        grid.widens = True
    for inputs in given:
        network(*inputs)
    for grid in grids:
        grid.widens = False


class _Grid(nn.Module):
    """What the input of one layer is rounded to."""

    def __init__(self, seen: Range, signed: bool) -> None:
        super().__init__()
        self.low, self.high = (nn.Parameter(torch.tensor(end)) for end in seen)
        self.signed, self.widens = signed, False
        self._inside: list[_Rounding] = []

    def become_part_of(self, layer: nn.Module) -> None:
        """Round what the layer's convolution computes on."""
        layer.add_module(PART, self)
        layer.register_forward_pre_hook(self._enter)
        layer.register_forward_hook(self._leave, always_call=True)

    def _enter(self, *_: Any) -> None:
        self._inside.append(_Rounding(self))
        self._inside[-1].__enter__()

    def _leave(self, *_: Any) -> None:
        self._inside.pop().__exit__(None, None, None)

    def forward(self, x: Tensor) -> Tensor:
        """Rounded to the grid."""
        if self.widens:
            self.low.copy_(torch.minimum(self.low, x.min()))
            self.high.copy_(torch.maximum(self.high, x.max()))
        step, zero = activation_grid(*self._range(x.numel()), self.signed)
        whole = (rounded(x / step) + zero).clamp(*bounds(self.signed))
        return (whole - zero) * step

    def _range(self, count: int) -> tuple[Tensor, Tensor]:
        """Low and high, with gradients of the size of a weight's (Esser et al. 2020, section 2.2)."""
        # What is never negative stays unsigned, and a picture's black to white is 255 steps already.
        picture = (self.low == 0) & (self.high == 1)
        low = torch.where(self.low < 0, self.low, 0.0)
        high = torch.where(picture, self.high.detach(), self.high.clamp_min(0))
        share = 1 / math.sqrt(count * 255)
        return _with_gradient(low, share), _with_gradient(high, share)


def _with_gradient(value: Tensor, share: float) -> Tensor:
    """The same value, a share of its gradient."""
    return value.detach() + (value - value.detach()) * share


class _Rounding(TorchFunctionMode):
    """While it lasts, convolutions compute on the grid, whatever their weights were made of."""

    def __init__(self, grid: _Grid) -> None:
        super().__init__()
        self._grid = grid

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Intercept the convolutions."""
        if func in (torch.conv2d, torch.conv_transpose2d):
            x, weight, *rest = args
            args = (self._grid(x), _on_grid(weight, func is torch.conv_transpose2d), *rest)
        return func(*args, **(kwargs or {}))


def _on_grid(weight: Tensor, transposed: bool) -> Tensor:
    steps = weight_steps(weight, transposed)
    zeros, axis = torch.zeros_like(steps).int(), int(transposed)
    return torch.fake_quantize_per_channel_affine(weight, steps, zeros, axis, -WEIGHT_STEPS, WEIGHT_STEPS)
