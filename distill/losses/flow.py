"""End-point error to the teacher's flow, where the teacher is better, and to the true flow, where it is known."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.motion import Motion, fuse
from ..batch import Target
from ..loss import Loss, LossTerm
from ..taps import Outputs


@dataclass(frozen=True)
class Options:
    """None."""


def end_point_error(motion: Motion, flow: Tensor, weight: Tensor) -> Tensor:
    """Mean over the batch of |found - flow| in pixels, both flows of a motion.

    `flow` is (N, 4, H, W), `weight` (N, 2, H, W): one for the flow to each frame.
    """
    found = torch.cat((motion.before, motion.after), 1)
    # The root of a sum of squares has no slope at zero; a hundredth of a pixel is as good as none.
    squared = (found - flow).square().unflatten(1, (2, 2)).sum(2)
    return (weight * torch.sqrt(squared + 1e-4)).mean()


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
        return torch.stack([end_point_error(motion, flow, weight) for motion in student.motions]).mean()


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
        better = error(fuse(before, after, motion), truth) < error(student.picture[:count], truth)
        flow[:count], weight[:count] = torch.cat((motion.before, motion.after), 1), better.to(flow.dtype)
    if target.known is not None:
        known = target.known.seen.amax((1, 2, 3)) > 0
        flow[known], weight[known] = target.known.flow[known], target.known.seen[known]
    return flow, weight


LOSS = Loss(Options, Flow)
