"""How different two pictures look to a network trained on ImageNet: a score for what PSNR does not see.

The distance of Zhang et al. 2018 ("The unreasonable effectiveness of deep features as a perceptual metric"):
features of several layers, each place's scaled to length one over the channels, squared differences, mean over
places, sum over layers. With the linear layers of LPIPS, which were fitted to what people see, and the backbone
that they were fitted to, it is LPIPS. Without them every channel counts alike: that ranks pictures much the same,
but its figures are on a scale of their own, and of each backbone its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import repeat
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..core.checkpoint import read_state
from ..core.colour import to_network
from ..core.errors import BadInput
from .backbone import Backbone, load_backbone
from .evaluate import Distance

_LAYERS = {
    "SqueezeNet 1.1": ("conv1", "fire3", "fire5", "fire6", "fire7", "fire8", "fire9"),
    "VGG16": ("conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3"),
    "VGG19": ("conv1_2", "conv2_2", "conv3_4", "conv4_4", "conv5_4"),
}


def perceptual_distance(backbone: Path, linear: Path | None = None) -> Distance:
    """The distance by a backbone's file and, for LPIPS, the file of its linear layers.

    Raises BadInput for files that cannot be used, and for linear layers fitted to another backbone.
    """
    network = load_backbone(backbone)
    return distance_by(network, _LAYERS[network.name], _linear(linear, network, backbone) if linear else None)


def distance_by(network: Backbone, layers: Sequence[str], weights: Sequence[Tensor] | None = None) -> Distance:
    """The distance by these layers of a backbone, the channels of each weighted by (1, C, 1, 1) or counting alike."""

    def distance(made: np.ndarray, truth: np.ndarray) -> float:
        with torch.inference_mode():
            ours, theirs = (network(_tensor(picture), layers) for picture in (made, truth))
            per_layer = zip(layers, weights or repeat(None, len(layers)), strict=True)
            return float(sum(_apart(ours[name], theirs[name], weight) for name, weight in per_layer))

    return distance


def _tensor(bgr: np.ndarray) -> Tensor:
    return torch.from_numpy(to_network(bgr, 3))[None]


def _apart(ours: Tensor, theirs: Tensor, weight: Tensor | None) -> Tensor:
    square = (_direction(ours) - _direction(theirs)).square()
    return (square if weight is None else square * weight).sum(1).mean()


def _direction(features: Tensor) -> Tensor:
    return F.normalize(F.relu(features), dim=1, eps=1e-10)


def _linear(path: Path, network: Backbone, backbone: Path) -> list[Tensor]:
    """One weight (1, C, 1, 1) for each layer."""
    if network.caffe or network.name == "VGG19":
        raise BadInput(
            f"the linear layers of LPIPS were fitted to torchvision's SqueezeNet 1.1 and VGG16, and {backbone} is "
            "neither: its features mean something else; leave them out"
        )
    state = read_state(path)
    found = {int(place[1]): state[key] for key in state if (place := re.match(r"lin(\d+)\.model\.1\.weight$", key))}
    weights = [found[place] for place in sorted(found)]
    seen = network(torch.zeros(1, 3, 32, 32), _LAYERS[network.name])
    if [weight.shape for weight in weights] != [(1, seen[layer].shape[1], 1, 1) for layer in _LAYERS[network.name]]:
        raise BadInput(f"{path} does not hold the linear layers of LPIPS for {network.name}")
    return [weight.float() for weight in weights]
