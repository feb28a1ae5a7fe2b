"""FSRCNN(d, s, m) on luma (Dong, Loy and Tang 2016)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from ..core.blocks import pass_through, same_for_each_phase
from ..core.resize import upsampling_kernel
from ..core.spec import Model, ModelSpec


@dataclass(frozen=True)
class Options:
    """Hyper-parameters in the paper's letters: d features, s after shrinking, m mapping layers."""

    scale: Literal[2, 3, 4] = 2
    d: int = 56
    s: int = 12
    m: int = 4
    head: Literal["deconv", "shuffle"] = "deconv"
    """`deconv` as published; `shuffle` is a convolution and a pixel shuffle, which int8 engines like better."""


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
        if options.head == "deconv":
            self.head: nn.Module = nn.ConvTranspose2d(d, 1, 9, scale, padding=4, output_padding=scale - 1)
        else:
            self.head = nn.Sequential(nn.Conv2d(d, scale**2, 3, padding=1), nn.PixelShuffle(scale))
        self._initialise(scale)

    def _initialise(self, scale: int) -> None:
        convs = [layer for layer in self.modules() if isinstance(layer, nn.Conv2d)]
        for conv in convs:
            nn.init.kaiming_normal_(conv.weight, a=0.25, mode="fan_out")
            nn.init.zeros_(conv.bias)
        body = convs if isinstance(self.head, nn.ConvTranspose2d) else convs[:-1]
        for conv in body:
            pass_through(conv)
        if isinstance(self.head, nn.ConvTranspose2d):
            nn.init.normal_(self.head.weight, std=0.001)
            nn.init.zeros_(self.head.bias)
            with torch.no_grad():
                self.head.weight[0, 0] = torch.from_numpy(upsampling_kernel(scale, 9, 4))
        else:
            with torch.no_grad():
                convs[-1].weight *= 0.01
                convs[-1].weight[:, 0, 1, 1] = 1
            same_for_each_phase(convs[-1], scale)

    def forward(self, x: Tensor) -> Tensor:
        """Upscale a picture of any size."""
        return self.head(self.expand(self.map(self.shrink(self.extract(x)))))


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
    )


def _adopt(state: Mapping[str, Tensor]) -> tuple[Options, dict[str, Tensor]] | None:
    """Names of the common PyTorch port: `first_part`, `mid_part`, `last_part`."""
    if not {"first_part.0.weight", "mid_part.0.weight", "last_part.weight"} <= state.keys():
        return None
    m = max(int(name.split(".")[1]) for name in state if name.startswith("mid_part.")) // 2 - 1
    renamed = {}
    for name, value in state.items():
        part, _, rest = name.partition(".")
        index, _, tensor = rest.rpartition(".")
        if part == "first_part":
            renamed[f"extract.{rest}"] = value
        elif part == "last_part":
            renamed[f"head.{rest}"] = value
        elif int(index) < 2:
            renamed[f"shrink.{rest}"] = value
        elif int(index) < 2 * m + 2:
            renamed[f"map.{int(index) - 2}.{tensor}"] = value
        else:
            renamed[f"expand.{int(index) - 2 * m - 2}.{tensor}"] = value
    d, s = state["first_part.0.weight"].shape[0], state["mid_part.0.weight"].shape[0]
    # Nothing in the tensors tells the scale: a 9x9 kernel serves them all.
    return Options(2, d, s, m), renamed


MODEL = Model("FSRCNN(d, s, m) on luma, transposed-convolution or pixel-shuffle head", Options, _spec, adopt=_adopt)
