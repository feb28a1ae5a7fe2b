"""A torch network as an interpolator of pictures."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..core.colour import from_network
from ..core.spec import ModelSpec
from .interpolation_scores import Interpolator
from .torch_upscaler import to_aligned


def torch_interpolator(network: nn.Module, spec: ModelSpec, device: torch.device | str = "cpu") -> Interpolator:
    """The network, which must be on `device`, on whole pictures of any size in float32."""

    def between(before: np.ndarray, after: np.ndarray, t: float) -> np.ndarray:
        height, width = before.shape[:2]
        early, late = (to_aligned(frame, spec).to(device) for frame in (before, after))
        with torch.inference_mode():
            made = network(early, late, torch.tensor([t], dtype=torch.float32, device=device)).picture
        return from_network(made[0, :, :height, :width].float().cpu().numpy())

    return between
