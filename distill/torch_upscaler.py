"""A torch network as an upscaler of pictures."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.colour import to_network
from ..core.spec import ModelSpec
from .evaluate import Pair, Upscaled, Upscaler, coloured


def torch_upscaler(network: nn.Module, spec: ModelSpec, device: torch.device | str = "cpu") -> Upscaler:
    """The network, which must be on `device`, on whole pictures of any size in float32."""

    def upscale(pair: Pair) -> Upscaled:
        height, width = (side * spec.scale for side in pair.lr.shape[:2])
        inputs = (tensor.to(device) for tensor in inputs_of(pair, spec))
        with torch.inference_mode():
            y = network(*inputs)[0, :, :height, :width].float().cpu().numpy()
        return coloured(y, pair.lr)

    return upscale


def inputs_of(pair: Pair, spec: ModelSpec) -> tuple[Tensor, ...]:
    """What the network takes of a whole pair: the small picture; both, where it is privileged."""
    frame = to_aligned(pair.lr, spec)
    return (frame, to_aligned(pair.hr, spec)) if spec.privileged else (frame,)


def to_aligned(bgr: np.ndarray, spec: ModelSpec) -> Tensor:
    """uint8 ([N,] H, W, 3) BGR -> (N, channels, H', W') as the network takes it, its edge repeated up to `align`."""
    pixels = to_network(bgr, spec.channels)
    x = torch.from_numpy(pixels.reshape(-1, *pixels.shape[-3:]))
    return F.pad(x, (0, -x.shape[3] % spec.align, 0, -x.shape[2] % spec.align), mode="replicate")
