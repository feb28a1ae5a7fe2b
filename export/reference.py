"""The sample pictures of a bundle, and what its network makes of them in torch: the word that graphs are held to."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..core import picture
from ..core.bundle import Sample
from ..core.checkpoint import Checkpoint
from ..core.colour import to_network, to_picture
from ..core.resize import crop_to_multiple, shrink
from .samples import draw


def make_samples(trained: Checkpoint) -> tuple[list[Sample], dict[str, bytes]]:
    """The drawn pictures, those made small, and what the fp32 network makes of the small ones; and their files."""
    spec, network = trained.spec, trained.deployed()
    samples, files = [], {}
    for name, drawn in draw():
        truth = crop_to_multiple(drawn, spec.scale * spec.align)
        lr = shrink(truth, spec.scale)
        sample = Sample(input=f"samples/{name}-in.png", expected=f"samples/{name}-out.png", truth=f"samples/{name}.png")
        made = reference(network, lr, spec.channels)
        files |= {sample.input: picture.encode(lr), sample.expected: picture.encode(made)}
        files[sample.truth] = picture.encode(truth)
        samples.append(sample)
    return samples, files


def reference(network: nn.Module, lr: np.ndarray, channels: int) -> np.ndarray:
    """What the network makes of uint8 (H, W, 3) BGR whose sides are multiples of its `align`."""
    with torch.inference_mode():
        made = network(torch.from_numpy(to_network(lr, channels))[None])[0].numpy()
    return to_picture(made, lr)
