"""SESR: trained wide, deployed narrow."""

from __future__ import annotations

import pytest
import torch
from pocketlens.students.sesr import MODEL, SESR, Options
from torch import nn


def test_deployed_it_has_the_published_number_of_weights():
    """Bhardwaj et al. 2022, table 1: SESR-M5 x2 has 13.52 k parameters (without biases)."""
    deployed = MODEL.deploy(SESR(Options()))
    assert sum(value.numel() for value in deployed.parameters() if value.ndim == 4) == 13520


def test_deployed_it_is_plain_convolutions_and_the_trained_function():
    torch.manual_seed(0)
    network, x = SESR(Options()), torch.rand(1, 1, 20, 17)
    deployed = MODEL.deploy(network)
    kinds = {type(module) for module in deployed.modules()} - {SESR, nn.ModuleList, nn.Identity}
    assert kinds == {nn.Conv2d}
    assert [conv.kernel_size for conv in deployed.modules() if isinstance(conv, nn.Conv2d)] == [
        (5, 5),
        *[(3, 3)] * 5,
        (5, 5),
    ]
    torch.testing.assert_close(deployed(x), network(x), atol=1e-5, rtol=0)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_its_head_starts_without_a_checkerboard(scale: int):
    torch.manual_seed(0)
    network = SESR(Options(scale=scale))  # type: ignore[arg-type]
    made = network(torch.full((1, 1, 24, 24), 0.5))
    inside = made[..., 10 * scale : -10 * scale, 10 * scale : -10 * scale]
    assert inside.amax() - inside.amin() < 1e-5
