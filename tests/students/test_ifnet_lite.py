"""IFNet-lite on halved frames: the same blocks, for motion that goes further."""

from __future__ import annotations

import pytest
import torch
from pocketlens.students.ifnet_lite import MODEL, IFNetLite, Options, Strided
from torch import nn

SMALL = {"stem": 2, "quarter": 2, "eighth": 2, "sixteenth": 2, "coarse": 2, "middle": 2, "fine": 2, "depth": 1}


def network(halvings: int) -> IFNetLite:
    """With random weights, heads that start at zero included."""
    torch.manual_seed(0)
    made = MODEL.spec(Options(**SMALL, halvings=halvings)).build().eval()
    assert isinstance(made, IFNetLite)
    for block in (made.coarse, made.middle, made.fine):
        nn.init.normal_(block.head.weight, std=0.1)
    return made


@pytest.mark.parametrize("halvings", range(4))
def test_every_block_tells_its_motion_in_pixels_of_the_frame(halvings: int):
    made, far = network(halvings), 1.5
    for block in (made.coarse, made.middle, made.fine):
        nn.init.zeros_(block.head.weight)
    made.coarse.head.register_parameter("bias", nn.Parameter(torch.full((20,), far)))
    side = 2 * MODEL.spec(Options(halvings=halvings)).align
    motions = made(torch.rand(1, 3, side, side), torch.rand(1, 3, side, side), torch.tensor([0.5])).motions
    assert len(motions) == 3 + halvings
    assert [side // motion.before.shape[2] for motion in motions[:2]] == [8 << halvings, 4 << halvings]
    assert motions[-1].before.shape[2:] == (side, side)
    for motion in motions:
        torch.testing.assert_close(motion.before[:, :1], torch.full_like(motion.before[:, :1], far * (8 << halvings)))


@pytest.mark.parametrize("t", [0.125, 0.5, 0.75])
def test_at_each_moment_it_has_its_share_of_the_motion_at_the_half(t: float):
    made = network(1)
    made.coarse.head.register_parameter("bias", nn.Parameter(torch.linspace(-1, 1, 20)))
    frames = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64)
    half, then = made(*frames, torch.tensor([0.5])), made(*frames, torch.tensor([t]))
    for asked, now in zip(half.motions, then.motions, strict=True):
        torch.testing.assert_close(now.before, asked.before * 2 * t)
        torch.testing.assert_close(now.after, asked.after * 2 * (1 - t))
        assert now.before.abs().amax() > 0
        torch.testing.assert_close(now.mask, asked.mask + torch.logit(torch.tensor(1 - t)))


def test_halved_frames_need_no_other_weights_and_make_another_picture():
    whole, halved = network(0), network(1)
    halved.load_state_dict(whole.state_dict())
    before, after = torch.rand(2, 1, 3, 64, 64)
    moment = torch.tensor([0.5])
    with torch.no_grad():
        assert (whole(before, after, moment).picture - halved(before, after, moment).picture).abs().max() > 1e-3


@pytest.mark.parametrize("halvings", range(3))
def test_nothing_beyond_the_reach_changes_a_pixel(halvings: int):
    spec = MODEL.spec(Options(**SMALL, halvings=halvings))
    made, side = network(halvings), 4 * spec.align * -(-spec.reach // spec.align)
    before, after = torch.rand(2, 1, 3, spec.align, side)
    changed = before.clone()
    changed[..., : spec.align] = torch.rand(1, 3, spec.align, spec.align)
    with torch.no_grad():
        found, other = (made(each, after, torch.tensor([0.5])).found for each in (before, changed))
    differs = (found - other).abs().amax((0, 1, 2)) > 0
    assert differs.any() and 2 * differs.nonzero().max() < spec.align + spec.reach


def test_deployed_it_makes_no_copies_and_the_same_picture():
    made = network(2)
    deployed = MODEL.deploy(made)
    assert isinstance(deployed, IFNetLite) and isinstance(deployed.quarter, Strided)
    side = 4 * MODEL.spec(Options(**SMALL, halvings=2)).align
    before, after = torch.rand(2, 1, 3, side, side // 2)
    with torch.inference_mode():
        wanted, found = (one(before, after, torch.tensor([0.4])) for one in (made, deployed))
    torch.testing.assert_close(found.found, wanted.found, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found.picture, wanted.picture, atol=1e-4, rtol=1e-4)
    sizes = [tuple(weight.shape[2:]) for name, weight in deployed.quarter.stems.named_parameters() if "weight" in name]
    assert sizes == [(3, 3), (6, 6), (12, 12)]
