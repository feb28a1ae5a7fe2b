"""FSRCNN(d, s, m) on luma (Dong, Loy and Tang 2016), which may be trained wide and deployed as published."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from ..core.blocks import CollapsibleConv, collapse, pass_through, same_for_each_phase, zero_bias
from ..core.errors import BadInput
from ..core.options import Count
from ..core.resize import upsampling_kernel
from ..core.spec import Model, ModelSpec


@dataclass(frozen=True)
class Options:
    """Hyper-parameters in the paper's letters: d features, s after shrinking, m mapping layers."""

    scale: Literal[2, 3, 4] = 2
    d: Count = 56
    s: Count = 12
    m: Count = 4
    head: Literal["deconv", "shuffle"] = "deconv"
    """`deconv` as published; `shuffle` is a convolution and a pixel shuffle, which int8 engines like better."""
    wide: bool = False
    """Train every convolution as a linear block of SESR; deployed it is the published one either way."""


WIDTH = 128
"""Channels inside a linear block; more where `d` is more."""


class FSRCNN(nn.Module):
    """Luma (N, 1, H, W) in [0, 1] -> (N, 1, scale*H, scale*W).

    Channel 0 starts by handing the picture through to a head that starts as cubic interpolation, so
    that training begins at the bicubic picture instead of noise; the network is the published one.
    """

    def __init__(self, options: Options) -> None:
        super().__init__()
        d, s, scale = options.d, options.s, options.scale
        self.extract = nn.Sequential(nn.Conv2d(1, d, 5, padding=2), nn.PReLU(d))
        self.shrink = nn.Sequential(nn.Conv2d(d, s, 1), nn.PReLU(s))
        layers: list[nn.Module] = []
        for _ in range(options.m):
            layers += [nn.Conv2d(s, s, 3, padding=1), nn.PReLU(s)]
        self.map = nn.Sequential(*layers)
        self.expand = nn.Sequential(nn.Conv2d(s, d, 1), nn.PReLU(d))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, a=0.25, mode="fan_out")
                pass_through(layer)
        if options.wide:
            self._widen(max(WIDTH, d))
        self.head = _deconvolution(d, scale) if options.head == "deconv" else _shuffle(d, scale)

    def _widen(self, width: int) -> None:
        for name, layer in list(self.named_modules()):
            if isinstance(layer, nn.Conv2d):
                self.set_submodule(name, CollapsibleConv.around(layer, width))

    def forward(self, x: Tensor) -> Tensor:
        """Upscale a picture of any size."""
        return self.head(self.expand(self.map(self.shrink(self.extract(x)))))


def _deconvolution(d: int, scale: int) -> nn.Module:
    """The published head; small noise (section 3.2) round a cubic kernel for channel 0."""
    head = nn.ConvTranspose2d(d, 1, 9, scale, padding=4, output_padding=scale - 1)
    nn.init.normal_(head.weight, std=0.001)
    zero_bias(head)
    with torch.no_grad():
        head.weight[0, 0] = torch.from_numpy(upsampling_kernel(scale, 9, 4))
    return head


def _shuffle(d: int, scale: int) -> nn.Module:
    """A convolution and a pixel shuffle; every sub-pixel starts as channel 0 and the same small noise."""
    conv = nn.Conv2d(d, scale**2, 3, padding=1)
    nn.init.normal_(conv.weight, std=0.001)
    zero_bias(conv)
    with torch.no_grad():
        conv.weight[:, 0, 1, 1] = 1
    same_for_each_phase(conv, scale)
    return nn.Sequential(conv, nn.PixelShuffle(scale))


def _spec(options: Options) -> ModelSpec:
    head_reach = math.ceil(4 / options.scale) if options.head == "deconv" else 1
    return ModelSpec(
        task="upscale",
        build=lambda: FSRCNN(options),
        inputs=("frame",),
        output="upscaled",
        channels=1,
        scale=options.scale,
        align=1,
        reach=2 + options.m + head_reach,
        taps={"features": "extract", "shrunk": "shrink", "mapped": "map", "expanded": "expand"},
        head="head",
    )


def _rename(name: str, m: int) -> str:
    """A name of the common port -> ours; `mid_part` holds shrinking, m mapping layers and expanding in a row."""
    part, index, *rest = name.split(".")
    if part != "mid_part":
        return ".".join([{"first_part": "extract", "last_part": "head"}.get(part, part), index, *rest])
    place = int(index)
    ours, first = ("shrink", 0) if place < 2 else ("map", 2) if place < 2 * m + 2 else ("expand", 2 * m + 2)
    return ".".join([ours, str(place - first), *rest])


def _adopt(state: Mapping[str, Tensor], scale: int | None) -> tuple[Options, dict[str, Tensor]] | None:
    """Names of the common PyTorch port: `first_part`, `mid_part`, `last_part`."""
    if not {"first_part.0.weight", "mid_part.0.weight", "last_part.weight"} <= state.keys():
        return None
    m = sum(name.startswith("mid_part.") and name.endswith(".bias") for name in state) - 2
    renamed = {_rename(name, m): value for name, value in state.items()}
    d, s = state["first_part.0.weight"].shape[0], state["mid_part.0.weight"].shape[0]
    # A 9x9 kernel serves every scale, so nothing in the tensors tells it.
    if scale not in (2, 3, 4):
        raise BadInput("FSRCNN weights do not tell their scale; give it (2, 3 or 4), or put it in the name: fsrcnn_x2")
    return Options(scale, d, s, m), renamed


MODEL = Model(Options, _spec, deploy=collapse, adopt=_adopt)
