"""The hourglass of PISR: a student whose small picture was touched up by an encoder that sees the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.blocks import conv_relu, zero_bias
from ..core.catalog import NETWORKS
from ..core.options import Count
from ..core.spec import TRUTH, Inside, Model, ModelSpec


@dataclass(frozen=True)
class Options:
    """`decoder` is the student that is to be taught, with its own defaults."""

    scale: Literal[2, 3, 4] = 2
    decoder: Literal["fsrcnn", "sesr"] = "fsrcnn"
    features: Count = 32
    depth: Count = 3
    """3x3 convolutions of the encoder between its first and its last."""


class Hourglass(nn.Module):
    """Luma (N, 1, H, W) and the truth (N, 1, scale*H, scale*W) -> (N, 1, scale*H, scale*W) (Lee et al. 2020).

    The encoder says what to add to the small picture, at first nothing; the decoder makes of that code what the
    student makes of the small picture, and knows the truth only as far as the code holds it.
    """

    def __init__(self, options: Options, decoder: nn.Module) -> None:
        super().__init__()
        self.scale = options.scale
        last = nn.Conv2d(options.features, 1, 3, padding=1)
        nn.init.zeros_(last.weight)
        zero_bias(last)
        middle = [conv_relu(options.features, options.features) for _ in range(options.depth)]
        self.encoder = nn.Sequential(conv_relu(1 + options.scale**2, options.features), *middle, last)
        self.code = nn.Identity()
        self.decoder = decoder

    def forward(self, frame: Tensor, truth: Tensor) -> Tensor:
        """Upscale a picture whose truth is known."""
        seen = torch.cat((frame, F.pixel_unshuffle(truth, self.scale)), 1)
        return self.decoder(self.code(frame + self.encoder(seen)))


def _inside(options: Options) -> Inside:
    return Inside(options.decoder, NETWORKS.get(options.decoder).options(scale=options.scale), "decoder")


def _spec(options: Options) -> ModelSpec:
    taught = _inside(options)
    decoder: ModelSpec = NETWORKS.get(taught.name).spec(taught.options)
    return ModelSpec(
        task="upscale",
        build=lambda: Hourglass(options, decoder.build()),
        inputs=("frame", TRUTH),
        output="upscaled",
        channels=1,
        scale=options.scale,
        align=1,
        reach=2 + options.depth + decoder.reach,
        taps={"code": "code"} | {name: f"{taught.path}.{path}" for name, path in decoder.taps.items()},
    )


MODEL = Model(Options, _spec, inside=_inside)
