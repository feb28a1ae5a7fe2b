"""Motion between two frames, and the picture it gives: backward warping and fusion by a mask."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from .facts import Sampling


class Motion(NamedTuple):
    """Where the pixels of a picture between two frames come from.

    A flow is (N, 2, H, W), x then y, in pixels: what is at `p` in the picture lies at `p + flow(p)` in
    the frame.
    """

    before: Tensor
    after: Tensor
    mask: Tensor
    """(N, 1, H, W) logits; their sigmoid is the share of the earlier frame."""


class Between(NamedTuple):
    """What an interpolation network makes of `before`, `after` and `t`."""

    picture: Tensor
    """(N, 3, H, W) RGB, about [0, 1], not clipped."""
    motions: tuple[Motion, ...]
    """What each block knew, the coarsest first. A coarse one's may be smaller maps, though always in pixels of the
    frame; the last is of the frame's size, and what the picture is made by."""
    found: Tensor
    """The last motion as one map (N, 5, H/k, W/k), k a whole number: its flows, then its mask. Enlarged bilinearly,
    its parts are those of `motions[-1]`."""


def warp(frame: Tensor, flow: Tensor, sampling: Sampling = "bilinear") -> Tensor:
    """Fetch (N, C, H, W) from where `flow` (N, 2, H, W) points; the edge is repeated. Bicubically it overshoots."""
    height, width = flow.shape[2:]
    rows, columns = (torch.arange(side, dtype=flow.dtype, device=flow.device) for side in (height, width))
    places = torch.stack((columns.expand(height, width), rows[:, None].expand(height, width)))
    # Both planes at once, turned at the end: engines are slow to take planes apart and to join single numbers.
    grid = ((flow + places) * (2 / places[:, -1:, -1:].clamp(min=1)) - 1).permute(0, 2, 3, 1)
    return F.grid_sample(frame.to(grid.dtype), grid, mode=sampling, padding_mode="border", align_corners=True)


def fuse(before: Tensor, after: Tensor, motion: Motion, sampling: Sampling) -> Tensor:
    """Warp both frames (N, 3, H, W) and mix them by the mask."""
    return mix(warp(before, motion.before, sampling), warp(after, motion.after, sampling), motion.mask)


def mix(early: Tensor, late: Tensor, mask: Tensor) -> Tensor:
    """Both frames (N, 3, H, W), warped, mixed by a mask's logits."""
    return late + torch.sigmoid(mask) * (early - late)
