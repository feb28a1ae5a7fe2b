"""What is particular to IFNet-lite: frames that are halved first, with the same weights."""

from __future__ import annotations

import pytest
import torch
from network_contract import Case, InterpolatorContract, impulse_reach, noise
from pocketlens.core.motion import Between
from pocketlens.students.ifnet_lite import MODEL, IFNetLite, Options
from torch import nn

HALVINGS = [0, 1, 2]
WIDTHS = ("stem", "quarter", "eighth", "sixteenth", "coarse", "middle", "fine")


def small(halvings: int) -> Case:
    options = Options(**dict.fromkeys(WIDTHS, 4), depth=1, halvings=halvings)
    return Case("ifnet_lite", MODEL, options)


class TestWithoutHalving(InterpolatorContract):
    @pytest.fixture
    def case(self) -> Case:
        return small(0)


def test_each_halving_lets_it_reach_further():
    reaches = [impulse_reach(case.network(), case.spec) for case in map(small, HALVINGS)]
    for reach, case in zip(reaches, map(small, HALVINGS), strict=True):
        assert case.spec.reach - case.spec.align < reach <= case.spec.reach
    assert reaches[1] > 1.9 * reaches[0] and reaches[2] > 1.9 * reaches[1]


def told(halvings: int, block: str) -> Between:
    """What a network makes one of whose blocks adds a pixel of its own map along x, and the others nothing."""
    case = small(halvings)
    network = case.network()
    assert isinstance(network, IFNetLite)
    heads = {"coarse": network.coarse.head, "fine": network.fine.head}
    for head in (*heads.values(), network.middle.head):
        nn.init.zeros_(head.weight)
    bias = heads[block].bias
    assert bias is not None
    with torch.no_grad():
        bias[:4] = 1
        return network(*noise(case.spec, 2, 2))


@pytest.mark.parametrize("halvings", HALVINGS)
def test_every_motion_is_in_pixels_of_the_frame(halvings: int):
    made = told(halvings, "coarse")
    assert len(made.motions) == 3 + 2 * halvings
    for motion in made.motions:
        torch.testing.assert_close(motion.before[:, 0], torch.full_like(motion.before[:, 0], 8 * 2**halvings))
        assert not motion.before[:, 1].any() and not motion.after.any()


@pytest.mark.parametrize(("halvings", "wanted"), [(0, [0, 0, 2]), (1, [0, 0, 4, 4, 6]), (2, [0, 0, 8, 8, 12, 12, 14])])
def test_the_fine_block_goes_on_at_twice_the_size_until_that_of_the_frames(halvings: int, wanted: list[float]):
    made = told(halvings, "fine")
    assert [float(motion.before[0, 0].mean()) for motion in made.motions] == pytest.approx(wanted)
