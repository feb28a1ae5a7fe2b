"""Torch layers that several networks share."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CollapsibleConv(nn.Module):
    """Linear block trained wide and used narrow (SESR, Bhardwaj et al. 2022, section 3.1).

    A k x k convolution to `width` channels and a 1x1 back to `outputs`, with nothing between them,
    is one k x k convolution; with `residual` the identity is part of it. The forward pass uses the
    collapsed kernel, so training costs what the narrow network does.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, width: int, residual: bool = False) -> None:
        super().__init__()
        self.expand = nn.Conv2d(inputs, width, kernel, padding=kernel // 2)
        self.squeeze = nn.Conv2d(width, outputs, 1)
        self.residual = residual

    def kernel(self) -> tuple[Tensor, Tensor]:
        """The collapsed weight (outputs, inputs, k, k) and bias (outputs), in full precision, which costs little."""
        assert self.expand.bias is not None and self.squeeze.bias is not None
        with torch.autocast(self.squeeze.weight.device.type, enabled=False):
            squeeze = self.squeeze.weight[:, :, 0, 0]
            weight = (squeeze @ self.expand.weight.flatten(1)).unflatten(1, self.expand.weight.shape[1:])
            bias = squeeze @ self.expand.bias + self.squeeze.bias
        if self.residual:
            identity = torch.eye(weight.shape[0], dtype=weight.dtype, device=weight.device)[..., None, None]
            weight = weight + F.pad(identity, [self.expand.kernel_size[0] // 2] * 4)
        return weight, bias

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H, W)."""
        weight, bias = self.kernel()
        return F.conv2d(x, weight.contiguous(memory_format=torch.channels_last), bias, padding=weight.shape[-1] // 2)

    @classmethod
    def around(cls, conv: nn.Conv2d, width: int) -> CollapsibleConv:
        """A block that starts as an odd, padded convolution of at most `width` outputs, which its first channels hold.

        The other channels start with nothing to say, and find it while the block is trained.
        """
        outputs, inputs, kernel, _ = conv.weight.shape
        block = cls(inputs, outputs, kernel, width)
        nn.init.kaiming_normal_(block.expand.weight, nonlinearity="linear")
        zero_bias(block.expand)
        zero_bias(block.squeeze)
        with torch.no_grad():
            block.expand.weight[:outputs] = conv.weight
            block.squeeze.weight.copy_(torch.eye(outputs, width)[..., None, None])
            if conv.bias is not None and block.squeeze.bias is not None:
                block.squeeze.bias.copy_(conv.bias)
        return block

    def collapsed(self) -> nn.Conv2d:
        """The same function as one plain convolution."""
        weight, bias = self.kernel()
        conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[-1], padding=weight.shape[-1] // 2)
        conv.load_state_dict({"weight": weight.detach(), "bias": bias.detach()})
        return conv


def collapse(network: nn.Module) -> nn.Module:
    """A copy of the network in which every collapsible block is one plain convolution."""
    network = copy.deepcopy(network)
    for name, module in list(network.named_modules()):
        if isinstance(module, CollapsibleConv):
            network.set_submodule(name, module.collapsed())
    return network


def conv_relu(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution and ReLU that keep the size of what passes (He et al. 2015); sides are divided by `stride`.

    With torch's own start each layer shrinks its input to less than a half, and deep ones never wake.
    """
    conv = nn.Conv2d(inputs, outputs, 3, stride, 1)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    zero_bias(conv)
    return nn.Sequential(conv, nn.ReLU())


def zero_bias(conv: nn.Conv2d | nn.ConvTranspose2d) -> None:
    """Start a convolution without bias."""
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)


def pass_through(conv: nn.Conv2d) -> None:
    """Make the first output channel of a convolution repeat its first input channel; no bias."""
    middle = conv.kernel_size[0] // 2
    with torch.no_grad():
        conv.weight[0] = 0
        conv.weight[0, 0, middle, middle] = 1
    zero_bias(conv)


def same_for_each_phase(conv: nn.Conv2d, scale: int) -> None:
    """Give the scale² sub-pixels of a pixel-shuffle head one kernel (ICNR, Aitken et al. 2017).

    The head then starts as nearest-neighbour upsampling of one convolution: no checkerboard.
    """
    with torch.no_grad():
        conv.weight.copy_(conv.weight[:: scale**2].repeat_interleave(scale**2, 0))
        if conv.bias is not None:
            conv.bias.copy_(conv.bias[:: scale**2].repeat_interleave(scale**2, 0))
