"""Warping and fusion."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from pocketlens.core.facts import Sampling
from pocketlens.core.motion import Motion, fuse, mix, warp
from torch import Tensor

SAMPLINGS = get_args(Sampling)


@pytest.fixture
def frame() -> Tensor:
    return torch.rand(2, 3, 7, 9, generator=torch.Generator().manual_seed(0))


def everywhere(x: float, y: float, like: Tensor) -> Tensor:
    return torch.tensor([x, y]).reshape(1, 2, 1, 1).expand(len(like), 2, *like.shape[2:])


def test_what_is_at_p_is_fetched_from_where_its_flow_points(frame: Tensor):
    warped = warp(frame, everywhere(2, -1, frame))
    torch.testing.assert_close(warped[:, :, 1:, :-2], frame[:, :, :-1, 2:], atol=1e-5, rtol=0)


def test_beyond_the_edge_the_edge_is_repeated(frame: Tensor):
    torch.testing.assert_close(warp(frame, everywhere(50, 0, frame)), frame[..., -1:].expand_as(frame))
    torch.testing.assert_close(warp(frame, everywhere(0, -50, frame)), frame[:, :, :1].expand_as(frame))


def test_between_pixels_the_neighbours_are_weighed_by_nearness(frame: Tensor):
    expected = 0.75 * frame[..., :-1] + 0.25 * frame[..., 1:]
    torch.testing.assert_close(warp(frame, everywhere(0.25, 0, frame))[..., :-1], expected, atol=1e-5, rtol=0)


def test_bicubically_four_neighbours_are_weighed_by_keys_kernel(frame: Tensor):
    """A quarter of the way, with a = -0.75: the outer two have negative weights."""
    weights = (-0.10546875, 0.87890625, 0.26171875, -0.03515625)
    expected = sum(weight * frame[..., place : place + 6] for place, weight in enumerate(weights))
    warped = warp(frame, everywhere(0.25, 0, frame), "bicubic")
    torch.testing.assert_close(warped[..., 1:-2], expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_where_a_flow_points_between_pixels_it_has_a_gradient(sampling: Sampling):
    generator = torch.Generator().manual_seed(0)
    frame = torch.rand(1, 2, 5, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    # Off whole pixels, where the slope of the bilinear kernel jumps.
    flow = torch.randint(-2, 3, (1, 2, 5, 6), generator=generator) + torch.rand(1, 2, 5, 6, generator=generator) * 0.8
    flow = (flow + 0.1).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda frame, flow: warp(frame, flow, sampling), (frame, flow))


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1)])
def test_a_frame_of_one_row_or_column_can_be_warped(size: tuple[int, int], sampling: Sampling):
    frame = torch.rand(1, 3, *size)
    torch.testing.assert_close(warp(frame, everywhere(0, 0, frame), sampling), frame)


def test_frames_of_half_precision_are_warped_by_full_coordinates():
    """bfloat16 has no digits for the places of a wide frame."""
    wide = torch.arange(3000).remainder(2).expand(1, 1, 2, -1)
    warped = warp(wide.bfloat16(), everywhere(1, 0, wide))
    torch.testing.assert_close(warped[..., :-1], wide[..., 1:].float(), atol=1e-3, rtol=0)


def test_the_mask_is_the_share_of_the_earlier_frame(frame: Tensor):
    early, late = frame, frame.flip(3)
    logits = torch.logit(torch.full((2, 1, 7, 9), 0.2))
    torch.testing.assert_close(mix(early, late, logits), 0.2 * early + 0.8 * late)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_fusion_takes_each_frame_along_its_own_flow(frame: Tensor, sampling: Sampling):
    mask = torch.full((2, 1, 7, 9), 30.0)
    motion = Motion(everywhere(0.7, 0, frame), everywhere(0, 1.4, frame), mask)
    early = fuse(frame, frame.flip(2), motion, sampling)
    torch.testing.assert_close(early, warp(frame, motion.before, sampling))
    late = fuse(frame, frame.flip(2), motion._replace(mask=-mask), sampling)
    torch.testing.assert_close(late, warp(frame.flip(2), motion.after, sampling))
