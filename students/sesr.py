"""SESR on luma: collapsible linear blocks, trained wide, deployed as plain convolutions (Bhardwaj et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from ..core.blocks import CollapsibleConv, collapse, zero_bias
from ..core.options import Count
from ..core.spec import Model, ModelSpec


@dataclass(frozen=True)
class Options:
    """Hyper-parameters; the defaults are SESR-M5."""

    scale: Literal[2, 3, 4] = 2
    channels: Count = 16
    blocks: Count = 5
    width: Count = 256
    """Channels inside each linear block while it is trained."""


class SESR(nn.Module):
    """Luma (N, 1, H, W) in [0, 1] -> (N, 1, scale*H, scale*W).

    5x5 ends, `blocks` 3x3 body convolutions with ReLU, a skip over the body and one from the input
    to each sub-pixel. The convolutions are linear blocks while training, plain ones once deployed.
    """

    def __init__(self, options: Options) -> None:
        super().__init__()
        channels, width, self.scale = options.channels, options.width, options.scale
        self.first = CollapsibleConv(1, channels, 5, width)
        self.body = nn.ModuleList(
            CollapsibleConv(channels, channels, 3, width, residual=True) for _ in range(options.blocks)
        )
        self.trunk = nn.Identity()
        self.last = CollapsibleConv(channels, options.scale**2, 5, width)
        # Training starts at the picture with each pixel repeated: no checkerboard, and no noise to unlearn.
        nn.init.zeros_(self.last.squeeze.weight)
        zero_bias(self.last.squeeze)

    def forward(self, x: Tensor) -> Tensor:
        """Upscale a picture of any size."""
        shallow = features = F.relu(self.first(x))
        for conv in self.body:
            features = F.relu(conv(features))
        residual = self.last(self.trunk(features + shallow))
        return F.pixel_shuffle(residual + x, self.scale)


def _spec(options: Options) -> ModelSpec:
    return ModelSpec(
        task="upscale",
        build=lambda: SESR(options),
        inputs=("frame",),
        output="upscaled",
        channels=1,
        scale=options.scale,
        align=1,
        reach=2 + options.blocks + 2,
        taps={"shallow": "first", "trunk": "trunk"},
        head="last",
    )


MODEL = Model(Options, _spec, deploy=collapse)
