"""SRVGGNetCompact, Real-ESRGAN's small network: plain convolutions and one pixel shuffle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from ..core.options import Count
from ..core.spec import Model, ModelSpec


@dataclass(frozen=True)
class Options:
    """Hyper-parameters; the defaults are those of realesr-animevideov3."""

    scale: Count = 4
    features: Count = 64
    convs: Count = 16


class SRVGGNetCompact(nn.Module):
    """RGB (N, 3, H, W) in [0, 1] -> (N, 3, scale*H, scale*W): a residual to the nearest-neighbour picture."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        features, self.scale = options.features, options.scale
        layers: list[nn.Module] = [nn.Conv2d(3, features, 3, padding=1), nn.PReLU(features)]
        for _ in range(options.convs):
            layers += [nn.Conv2d(features, features, 3, padding=1), nn.PReLU(features)]
        layers.append(nn.Conv2d(features, 3 * options.scale**2, 3, padding=1))
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Upscale a picture of any size."""
        return F.pixel_shuffle(self.body(x), self.scale) + F.interpolate(x, scale_factor=self.scale, mode="nearest")


def _spec(options: Options) -> ModelSpec:
    return ModelSpec(
        task="upscale",
        build=lambda: SRVGGNetCompact(options),
        inputs=("frame",),
        output="upscaled",
        channels=3,
        scale=options.scale,
        align=1,
        reach=options.convs + 2,
        taps={"shallow": "body.1", "trunk": f"body.{2 * options.convs + 1}"},
    )


def _adopt(state: Mapping[str, Tensor], _scale: int | None) -> tuple[Options, dict[str, Tensor]] | None:
    """The published names are ours: `body.N`, convolutions at even N and PReLU slopes between them."""
    layers = {name.rpartition(".")[0] for name in state}
    last = len(layers) - 1
    if last < 4 or last % 2 or layers != {f"body.{index}" for index in range(last + 1)}:
        return None
    head, tail = state.get("body.0.weight"), state.get(f"body.{last}.weight")
    if head is None or tail is None or head.ndim != 4:
        return None
    return Options(round((tail.shape[0] / 3) ** 0.5), head.shape[0], last // 2 - 1), dict(state)


MODEL = Model(Options, _spec, adopt=_adopt)
