"""Networks that tell made pictures from wanted ones: logits, higher for wanted; for the `adversarial` loss."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm


class UNet(nn.Module):
    """(N, C, H, W) -> (N, 1, H, W): a verdict on every pixel (Schoenfeld et al. 2020), as Real-ESRGAN has it.

    Three halvings and three doublings with skips; spectral norm (Miyato et al. 2018) keeps a network
    that judges so many kinds of pictures from growing too steep.
    """

    least = 8
    """Pixels that a side must have."""

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, features, 3, padding=1)
        steps = [(times * features, 2 * times * features) for times in (1, 2, 4)]
        self.down = nn.ModuleList(_normed(fine, coarse, 4, 2) for fine, coarse in steps)
        self.up = nn.ModuleList(_normed(coarse, fine, 3, 1) for fine, coarse in reversed(steps))
        self.last = nn.Sequential(
            _normed(features, features, 3, 1),
            nn.LeakyReLU(0.2),
            _normed(features, features, 3, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(features, 1, 3, padding=1),
        )

    def forward(self, picture: Tensor) -> Tensor:
        """Judge pictures whose sides are `least` or more."""
        x = F.leaky_relu(self.first(picture), 0.2)
        skips = []
        for conv in self.down:
            skips.append(x)
            x = F.leaky_relu(conv(x), 0.2)
        for conv, skip in zip(self.up, reversed(skips), strict=True):
            x = F.interpolate(x, skip.shape[2:], mode="bilinear")
            x = F.leaky_relu(conv(x), 0.2) + skip
        return self.last(x)


def _normed(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Module:
    return spectral_norm(nn.Conv2d(inputs, outputs, kernel, stride, 1, bias=False))


class VGGStyle(nn.Module):
    """(N, C, H, W) -> (N, 1): one verdict on the whole picture, after SRGAN's (Ledig et al. 2017), as ESRGAN has it.

    Pairs of convolutions with batch norm, the second halving the sides. Where those flatten what is
    left, so that the size is fixed, this takes its mean.
    """

    least = 64

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, features, 3, padding=1), nn.LeakyReLU(0.2)]
        layers += _block(features, features, 4, 2)
        for inputs, outputs in ((1, 2), (2, 4), (4, 8), (8, 8)):
            layers += _block(inputs * features, outputs * features, 3, 1)
            layers += _block(outputs * features, outputs * features, 4, 2)
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Linear(8 * features, 100), nn.LeakyReLU(0.2), nn.Linear(100, 1))

    def forward(self, picture: Tensor) -> Tensor:
        """Judge pictures whose sides are `least` or more."""
        return self.head(self.body(picture).mean((2, 3)))


def _block(inputs: int, outputs: int, kernel: int, stride: int) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, 1, bias=False)
    # It is never asked but in training, so there is nothing to keep of what it saw.
    return [conv, nn.BatchNorm2d(outputs, track_running_stats=False), nn.LeakyReLU(0.2)]


DISCRIMINATORS: Mapping[str, type[UNet | VGGStyle]] = {"unet": UNet, "vgg": VGGStyle}
"""Made from the channels of a picture and the features of the first layer."""
