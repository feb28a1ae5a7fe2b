"""Warping and fusion."""

from __future__ import annotations

import pytest
import torch
from pocketlens.core.motion import Motion, fuse, mix, warp
from torch import Tensor


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


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1)])
def test_a_frame_of_one_row_or_column_can_be_warped(size: tuple[int, int]):
    frame = torch.rand(1, 3, *size)
    torch.testing.assert_close(warp(frame, everywhere(0, 0, frame)), frame)


def test_frames_of_half_precision_are_warped_by_full_coordinates():
    """bfloat16 has no digits for the places of a wide frame."""
    wide = torch.arange(3000).remainder(2).expand(1, 1, 2, -1)
    warped = warp(wide.bfloat16(), everywhere(1, 0, wide))
    torch.testing.assert_close(warped[..., :-1], wide[..., 1:].float(), atol=1e-3, rtol=0)


def test_the_mask_is_the_share_of_the_earlier_frame(frame: Tensor):
    early, late = frame, frame.flip(3)
    logits = torch.logit(torch.full((2, 1, 7, 9), 0.2))
    torch.testing.assert_close(mix(early, late, logits), 0.2 * early + 0.8 * late)


def test_fusion_takes_each_frame_along_its_own_flow(frame: Tensor):
    mask = torch.full((2, 1, 7, 9), 30.0)
    motion = Motion(everywhere(1, 0, frame), everywhere(0, 1, frame), mask)
    torch.testing.assert_close(fuse(frame, frame.flip(2), motion), warp(frame, motion.before))
    late = fuse(frame, frame.flip(2), motion._replace(mask=-mask))
    torch.testing.assert_close(late, warp(frame.flip(2), motion.after))
