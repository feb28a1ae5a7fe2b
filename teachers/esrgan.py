"""RRDBNet, the generator of ESRGAN (Wang et al. 2018) and Real-ESRGAN (Wang et al. 2021)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.blocks import zero_bias
from ..core.options import Count
from ..core.spec import Model, ModelSpec


@dataclass(frozen=True)
class Options:
    """Hyper-parameters; the defaults are the published x4 network."""

    scale: Literal[2, 4] = 4
    features: Count = 64
    growth: Count = 32
    blocks: Count = 23


class ResidualDenseBlock(nn.Module):
    """Five densely connected convolutions, their sum scaled by 0.2 (section 3.1)."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(features, growth, 3, padding=1)
        self.conv2 = nn.Conv2d(features + growth, growth, 3, padding=1)
        self.conv3 = nn.Conv2d(features + 2 * growth, growth, 3, padding=1)
        self.conv4 = nn.Conv2d(features + 3 * growth, growth, 3, padding=1)
        self.conv5 = nn.Conv2d(features + 4 * growth, features, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, features, H, W) -> the same shape."""
        maps = [x]
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            maps.append(F.leaky_relu(conv(torch.cat(maps, 1)), 0.2))
        return x + 0.2 * self.conv5(torch.cat(maps, 1))


class RRDB(nn.Module):
    """Three dense blocks inside another scaled residual."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = ResidualDenseBlock(features, growth)
        self.rdb2 = ResidualDenseBlock(features, growth)
        self.rdb3 = ResidualDenseBlock(features, growth)

    def forward(self, x: Tensor) -> Tensor:
        """(N, features, H, W) -> the same shape."""
        return x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))


class RRDBNet(nn.Module):
    """RGB (N, 3, H, W) in [0, 1] -> (N, 3, scale*H, scale*W).

    The trunk always upscales four times; x2 first folds 2x2 pixels into channels (Real-ESRGAN).
    """

    def __init__(self, options: Options) -> None:
        super().__init__()
        features = options.features
        self.fold = 4 // options.scale
        self.conv_first = nn.Conv2d(3 * self.fold**2, features, 3, padding=1)
        self.body = nn.Sequential(*(RRDB(features, options.growth) for _ in range(options.blocks)))
        self.conv_body = nn.Conv2d(features, features, 3, padding=1)
        self.conv_up1 = nn.Conv2d(features, features, 3, padding=1)
        self.conv_up2 = nn.Conv2d(features, features, 3, padding=1)
        self.conv_hr = nn.Conv2d(features, features, 3, padding=1)
        self.conv_last = nn.Conv2d(features, 3, 3, padding=1)
        self.trunk = nn.Identity()
        for layer in self.body.modules():
            if isinstance(layer, nn.Conv2d):
                # Small residual branches keep a deep net without batch norm stable (section 3.1).
                nn.init.kaiming_normal_(layer.weight, a=0.2)
                layer.weight.data *= 0.1
                zero_bias(layer)

    def forward(self, x: Tensor) -> Tensor:
        """Upscale; height and width must be multiples of 4 / scale."""
        if self.fold > 1:
            x = F.pixel_unshuffle(x, self.fold)
        shallow = self.conv_first(x)
        x = self.trunk(shallow + self.conv_body(self.body(shallow)))
        for conv in (self.conv_up1, self.conv_up2):
            x = F.leaky_relu(conv(F.interpolate(x, scale_factor=2, mode="nearest")), 0.2)
        return self.conv_last(F.leaky_relu(self.conv_hr(x), 0.2))


def _spec(options: Options) -> ModelSpec:
    fold = 4 // options.scale
    # Convolutions before the first upsampling reach one folded pixel each; those after it less.
    reach = fold * (1 + 15 * options.blocks + 1 + 2)
    return ModelSpec(
        task="upscale",
        build=lambda: RRDBNet(options),
        inputs=("frame",),
        output="upscaled",
        channels=3,
        scale=options.scale,
        align=fold,
        reach=reach,
        taps={"shallow": "conv_first", "trunk": "trunk", "features": "conv_hr"},
    )


# (pattern, replacement) for names of the first ESRGAN release and of its later rewrite.
_OLD_NAMES = [
    (r"^model\.0\.", "conv_first."),
    (r"^model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.", r"body.\1.rdb\2.conv\3."),
    (r"^model\.1\.sub\.\d+\.(weight|bias)$", r"conv_body.\1"),
    (r"^model\.3\.", "conv_up1."),
    (r"^model\.6\.", "conv_up2."),
    (r"^model\.8\.", "conv_hr."),
    (r"^model\.10\.", "conv_last."),
    (r"^RRDB_trunk\.(\d+)\.RDB(\d)\.", r"body.\1.rdb\2."),
    (r"^trunk_conv\.", "conv_body."),
    (r"^upconv(\d)\.", r"conv_up\1."),
    (r"^HRconv\.", "conv_hr."),
]


def _rename(name: str) -> str:
    for pattern, replacement in _OLD_NAMES:
        renamed, hits = re.subn(pattern, replacement, name)
        if hits:
            return renamed
    return name


def _adopt(state: Mapping[str, Tensor], _scale: int | None) -> tuple[Options, dict[str, Tensor]] | None:
    renamed = {_rename(name): value for name, value in state.items()}
    if not {"conv_first.weight", "body.0.rdb1.conv1.weight", "conv_up2.weight", "conv_last.weight"} <= renamed.keys():
        return None
    growth, features = renamed["body.0.rdb1.conv1.weight"].shape[:2]
    blocks = len({name.split(".")[1] for name in renamed if name.startswith("body.")})
    folded = renamed["conv_first.weight"].shape[1] == 12
    return Options(2 if folded else 4, features, growth, blocks), renamed


MODEL = Model(Options, _spec, adopt=_adopt)
