"""What a network costs: parameters, and multiply-adds for one input pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..core.spec import ModelSpec


def parameters(network: nn.Module) -> int:
    """Weights and biases of a network."""
    return sum(weight.numel() for weight in network.parameters())


def macs_per_pixel(network: nn.Module, spec: ModelSpec) -> float:
    """Multiply-adds of the convolutions per pixel of the picture that comes in, or of one of two, in one small run."""
    side = 8 * spec.align
    total = 0

    def count(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        nonlocal total
        transposed = isinstance(module, nn.ConvTranspose2d)
        places = (inputs[0] if transposed else output)[0, 0].numel()
        total += places * module.weight.numel()  # type: ignore[union-attr, operator]

    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    hooks = [layer.register_forward_hook(count) for layer in convolutions]  # type: ignore[arg-type]
    with torch.inference_mode():
        network(*spec.blank(side, side))
    for hook in hooks:
        hook.remove()
    return total / side**2
