"""End-point error to the teacher's flow, where the teacher is better, and to the true flow, where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ...core.motion import Motion, fuse
from ..batch import Target
from ..loss import Loss, LossTerm
from ..taps import Outputs


@dataclass(frozen=True)
class Options:
    """None."""


def end_point_error(motions: Sequence[Motion], flow: Tensor, weight: Tensor) -> Tensor:
    """Mean over the motions and the batch of |found - flow| in pixels of the frame, both flows of a motion.

    `flow` is (N, 4, H, W), `weight` (N, 2, H, W): one for the flow to each frame. A smaller motion is
    held against the weighted mean of what it covers.
    """
    found = [_distance(motion, *_shrunk(flow, weight, motion.before.shape[-1])) for motion in motions]
    return torch.stack(found).mean()


def _shrunk(flow: Tensor, weight: Tensor, width: int) -> tuple[Tensor, Tensor]:
    factor = flow.shape[-1] // width
    if factor == 1:
        return flow, weight
    mean = F.avg_pool2d(weight, factor)
    flows = F.avg_pool2d(flow * weight.repeat_interleave(2, 1), factor)
    return flows / mean.repeat_interleave(2, 1).clamp_min(1e-6), mean


def _distance(motion: Motion, flow: Tensor, weight: Tensor) -> Tensor:
    both = ((motion.before, flow[:, :2], weight[:, :1]), (motion.after, flow[:, 2:], weight[:, 1:]))
    # The root of a sum of squares has no slope at zero; a hundredth of a pixel is as good as none.
    lengths = [(w * torch.sqrt((f - t).square().sum(1, keepdim=True) + 1e-4)).mean() for f, t, w in both]
    return (lengths[0] + lengths[1]) / 2


def error(picture: Tensor, truth: Tensor) -> Tensor:
    """(N, 1, H, W): mean absolute error over the channels."""
    return (picture - truth).abs().mean(1, keepdim=True)


class Flow(LossTerm):
    """Every block is told, so that the coarse ones learn too.

    The teacher is followed only where its motion gives a better picture than the student's; where a
    sample's motion is known, by that motion alone, wherever its end is visible.
    """

    needs_motion = True

    def __init__(self, options: Options) -> None:
        super().__init__()

    def forward(self, student: Outputs, teacher: Outputs | None, target: Target) -> Tensor:
        """Scalar, in pixels: the mean over the blocks."""
        flow, weight = _told(student, teacher, target)
        return end_point_error(student.motions, flow, weight)


@torch.no_grad()
def _told(student: Outputs, teacher: Outputs | None, target: Target) -> tuple[Tensor, Tensor]:
    """The flow to follow (N, 4, H, W) and how far it is to be believed (N, 2, H, W)."""
    last = student.motions[-1]
    flow = torch.cat((last.before, last.after), 1)
    weight = flow.new_zeros(len(flow), 2, *flow.shape[2:])
    if teacher is not None:
        count, motion = len(teacher.picture), teacher.motions[-1]
        before, after = (frame[:count] for frame in target.inputs[:2])
        truth = target.picture[:count]
        better = error(fuse(before, after, motion, student.sampling), truth) < error(student.picture[:count], truth)
        flow[:count], weight[:count] = torch.cat((motion.before, motion.after), 1), better.to(flow.dtype)
    if target.known is not None:
        known = target.known.seen.amax((1, 2, 3)) > 0
        flow[known], weight[known] = target.known.flow[known], target.known.seen[known]
    return flow, weight


LOSS = Loss(Options, Flow)
