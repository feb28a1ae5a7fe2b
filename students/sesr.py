"""SESR: collapsible linear blocks on luma (Bhardwaj et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from ..core.blocks import CollapsibleConv
from ..core.spec import Model, ModelSpec


@dataclass(frozen=True)
class Options:
    """Hyper-parameters; the defaults are SESR-M5."""

    scale: int = 2
    channels: int = 16
    blocks: int = 5
    width: int = 256
    """Channels inside each linear block while it is trained."""


class SESR(nn.Module):
    """Luma (N, 1, H, W) in [0, 1] -> (N, 1, scale*H, scale*W).

    5x5 ends, `blocks` 3x3 body convolutions with ReLU, a skip over the body and one from the input
    to each sub-pixel. `convs` are linear blocks while training and plain convolutions once deployed.
    """

    def __init__(self, convs: list[nn.Module], scale: int) -> None:
        super().__init__()
        self.first, *body, self.last = convs
        self.body = nn.ModuleList(body)
        self.trunk = nn.Identity()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """Upscale a picture of any size."""
        shallow = features = F.relu(self.first(x))
        for conv in self.body:
            features = F.relu(conv(features))
        residual = self.last(self.trunk(features + shallow))
        return F.pixel_shuffle(residual + x, self.scale)


def _build(options: Options) -> SESR:
    c, width = options.channels, options.width
    body = [CollapsibleConv(c, c, 3, width, residual=True) for _ in range(options.blocks)]
    convs = [CollapsibleConv(1, c, 5, width), *body, CollapsibleConv(c, options.scale**2, 5, width)]
    return SESR(convs, options.scale)


def _deploy(network: nn.Module) -> nn.Module:
    return SESR([conv.collapsed() for conv in (network.first, *network.body, network.last)], network.scale)  # type: ignore[union-attr, operator]


def _spec(options: Options) -> ModelSpec:
    return ModelSpec(
        task="upscale",
        build=lambda: _build(options),
        inputs=("frame",),
        output="upscaled",
        channels=1,
        scale=options.scale,
        align=1,
        reach=2 + options.blocks + 2,
        taps={"shallow": "first", "trunk": "trunk"},
    )


MODEL = Model("SESR-M(blocks) on luma: trained wide, collapsed to plain convolutions", Options, _spec, deploy=_deploy)
