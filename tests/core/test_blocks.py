"""Torch layers that several networks share."""

from __future__ import annotations

import pytest
import torch
from pocketlens.core.blocks import CollapsibleConv, collapse, conv_relu, pass_through, same_for_each_phase
from torch import nn
from torch.nn import functional as F


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("kernel", [3, 5])
def test_a_collapsed_block_is_the_wide_one(kernel: int, residual: bool):
    torch.manual_seed(0)
    block, x = CollapsibleConv(4, 4, kernel, 32, residual), torch.rand(2, 4, 9, 7)
    wide = block.squeeze(block.expand(x)) + (x if residual else 0)
    torch.testing.assert_close(block(x), wide, atol=1e-5, rtol=0)
    torch.testing.assert_close(block.collapsed()(x), wide, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("inputs", "outputs", "kernel", "bias"), [(1, 8, 5, True), (8, 3, 1, True), (3, 3, 3, False)])
def test_a_block_round_a_convolution_starts_as_it_and_every_channel_learns(
    inputs: int, outputs: int, kernel: int, bias: bool
):
    torch.manual_seed(0)
    conv, x = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=bias), torch.rand(2, inputs, 9, 7)
    block = CollapsibleConv.around(conv, 16)
    torch.testing.assert_close(block(x), conv(x), atol=1e-6, rtol=0)
    block(x).square().sum().backward()
    assert block.squeeze.weight.grad is not None
    assert (block.squeeze.weight.grad.abs().amax((0, 2, 3)) > 0).all()


def test_collapsing_a_network_leaves_the_trained_one_alone():
    torch.manual_seed(0)
    network = nn.Sequential(CollapsibleConv(1, 2, 3, 8), nn.ReLU(), nn.Sequential(CollapsibleConv(2, 1, 3, 8)))
    lean, x = collapse(network), torch.rand(1, 1, 6, 6)
    assert not any(isinstance(module, CollapsibleConv) for module in lean.modules())
    assert isinstance(network[0], CollapsibleConv)
    torch.testing.assert_close(lean(x), network(x), atol=1e-5, rtol=0)


def test_a_convolution_that_passes_through_repeats_channel_0():
    conv, x = nn.Conv2d(3, 2, 5, padding=2), torch.rand(1, 3, 6, 6)
    pass_through(conv)
    torch.testing.assert_close(conv(x)[:, 0], x[:, 0])


@pytest.mark.parametrize("scale", [2, 3])
def test_equal_phases_make_no_checkerboard(scale: int):
    """ICNR: what comes out of the pixel shuffle is a smaller picture, each pixel repeated."""
    conv, x = nn.Conv2d(4, 2 * scale**2, 3, padding=1), torch.rand(1, 4, 5, 5)
    same_for_each_phase(conv, scale)
    shuffled = F.pixel_shuffle(conv(x), scale)
    torch.testing.assert_close(shuffled, F.interpolate(shuffled[..., ::scale, ::scale], scale_factor=scale))


def test_what_passes_through_many_convolutions_keeps_its_size():
    torch.manual_seed(0)
    layers = torch.nn.Sequential(*(conv_relu(32, 32) for _ in range(12)))
    noise = torch.randn(1, 32, 32, 32)
    with torch.no_grad():
        passed = layers(noise)
    assert 0.2 < (passed.square().mean() / noise.square().mean()).sqrt() < 2
