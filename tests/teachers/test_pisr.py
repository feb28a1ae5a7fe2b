"""The hourglass: it sees the truth, and its decoder is the student."""

from __future__ import annotations

import pytest
import torch
from pocketlens.core.catalog import NETWORKS
from pocketlens.teachers.pisr import MODEL, Hourglass, Options


@pytest.mark.parametrize("decoder", ["fsrcnn", "sesr"])
def test_it_starts_as_its_decoder_on_the_small_picture(decoder: str):
    torch.manual_seed(0)
    network = MODEL.spec(Options(decoder=decoder)).build()  # type: ignore[arg-type]
    frame, truth = torch.rand(2, 1, 9, 7), torch.rand(2, 1, 18, 14)
    student = NETWORKS.get(decoder)
    assert isinstance(network, Hourglass)
    assert type(network.decoder) is type(student.spec(student.options()).build())
    torch.testing.assert_close(network(frame, truth), network.decoder(frame))


def test_it_tells_its_decoder_what_no_small_picture_could():
    """Each 2x2 block is brighter on its left or on its right, and the small picture one grey."""
    torch.manual_seed(0)
    network = MODEL.spec(Options(features=8, depth=1)).build()
    sides = 0.2 * torch.randint(0, 2, (4, 1, 8, 8)).mul(2).sub(1)
    truth = 0.5 + torch.stack((sides, -sides), -1).flatten(-2).repeat_interleave(2, 2)
    frame = torch.full((4, 1, 8, 8), 0.5)
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(100):
        optimiser.zero_grad()
        (network(frame, truth) - truth).abs().mean().backward()
        optimiser.step()
    assert (network(frame, truth) - truth).abs().mean() < 0.1, "half grey is off by 0.2 everywhere"
