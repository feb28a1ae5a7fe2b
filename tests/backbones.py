"""Backbones with the names and the layers of the published ones, narrow and with random weights."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

_FIRES = (3, 4, 6, 7, 9, 10, 11, 12)
_VGG19 = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)


def _conv(name: str, inputs: int, outputs: int, kernel: int) -> dict[str, Tensor]:
    # As large as keeps the size of what passes.
    weight = torch.randn(outputs, inputs, kernel, kernel) * (2 / (inputs * kernel**2)) ** 0.5
    return {f"{name}.weight": weight, f"{name}.bias": 0.1 * torch.randn(outputs)}


def squeezenet(width: int = 8) -> dict[str, Tensor]:
    """SqueezeNet 1.1 with `width` channels after each module."""
    torch.manual_seed(7)
    state = _conv("features.0", 3, width, 3)
    for place in _FIRES:
        name = f"features.{place}"
        state |= _conv(f"{name}.squeeze", width, width, 1)
        state |= _conv(f"{name}.expand1x1", width, width // 2, 1)
        state |= _conv(f"{name}.expand3x3", width, width // 2, 3)
    return state | {"classifier.1.weight": torch.zeros(10, width, 1, 1), "classifier.1.bias": torch.zeros(10)}


def vgg19(width: int = 8) -> dict[str, Tensor]:
    """VGG19 with `width` channels in each layer."""
    torch.manual_seed(8)
    state: dict[str, Tensor] = {}
    for place in _VGG19:
        state |= _conv(f"features.{place}", width if place else 3, width, 3)
    return state


def linear(widths: list[int]) -> dict[str, Tensor]:
    """LPIPS's linear layers for features of these widths."""
    torch.manual_seed(9)
    return {f"lin{place}.model.1.weight": torch.rand(1, width, 1, 1) for place, width in enumerate(widths)}


def write(path: Path, state: dict[str, Tensor]) -> Path:
    """Save tensors as a foreign checkpoint does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path)
    return path
