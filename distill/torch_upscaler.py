"""A torch network as an upscaler of pictures."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.colour import to_network
from ..core.spec import ModelSpec
from .evaluate import Upscaled, Upscaler, coloured


def torch_upscaler(network: nn.Module, spec: ModelSpec, device: torch.device | str = "cpu") -> Upscaler:
    """The network, which must be on `device`, on whole pictures of any size in float32."""

    def upscale(lr: np.ndarray) -> Upscaled:
        height, width = (side * spec.scale for side in lr.shape[:2])
        x = to_aligned(lr, spec).to(device)
        with torch.inference_mode():
            y = network(x)[0, :, :height, :width].float().cpu().numpy()
        return coloured(y, lr)

    return upscale


def to_aligned(bgr: np.ndarray, spec: ModelSpec) -> Tensor:
    """uint8 ([N,] H, W, 3) BGR -> (N, channels, H', W') as the network takes it, its edge repeated up to `align`."""
    pixels = to_network(bgr, spec.channels)
    x = torch.from_numpy(pixels.reshape(-1, *pixels.shape[-3:]))
    return F.pad(x, (0, -x.shape[3] % spec.align, 0, -x.shape[2] % spec.align), mode="replicate")
