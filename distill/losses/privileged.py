"""A block that sees the truth, trained along, whose motion the student follows where it is better."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...core.blocks import conv_relu, zero_bias
from ...core.motion import Motion, fuse, warp
from ...core.options import Count
from ..batch import Target
from ..loss import Loss, LossTerm
from ..recipe import NotNegative
from ..taps import Outputs
from .flow import end_point_error, error
from .laplacian import pyramid_distance

_SEEN = 5 * 3 + 4 + 1
"""Both frames, plain and warped, and the truth; flows and mask."""


@dataclass(frozen=True)
class Options:
    """`flow` is the weight of following the block next to training it."""

    channels: Count = 48
    depth: Count = 3
    flow: NotNegative = 0.01


class Privileged(LossTerm):
    """The privileged distillation of RIFE (Huang et al. 2022, section 3.3).

    The block corrects the student's last motion, seeing the picture that is to be made; it is trained
    by that picture. The student follows the corrected motion wherever that gives the better picture.
    """

    needs_motion = True

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.channels, self.depth, self.flow = options.channels, options.depth, options.flow

    def fit(self, student: Outputs, teacher: Outputs | None) -> None:
        """Make the block; at the start it corrects nothing, so it never leads astray."""
        layers = [conv_relu(_SEEN, self.channels, 2), conv_relu(self.channels, self.channels, 2)]
        layers += [conv_relu(self.channels, self.channels) for _ in range(self.depth)]
        head = nn.Conv2d(self.channels, 4 * 5, 3, padding=1)
        nn.init.zeros_(head.weight)
        zero_bias(head)
        self.block = nn.Sequential(*layers, head)

    def forward(self, student: Outputs, teacher: Outputs | None, target: Target) -> Tensor:
        """Scalar: Laplacian distance of the block's picture to the truth, and the student's end-point error to it."""
        before, after = target.inputs[:2]
        motion = self._corrected(before, after, student.motions[-1], target.picture)
        picture = fuse(before, after, motion, student.sampling)
        with torch.no_grad():
            better = (error(picture, target.picture) < error(student.picture, target.picture)).to(picture.dtype)
            flow = torch.cat((motion.before, motion.after), 1)
        followed = end_point_error(student.motions, flow, better.repeat(1, 2, 1, 1))
        return pyramid_distance(picture, target.picture, 5) + self.flow * followed

    def _corrected(self, before: Tensor, after: Tensor, motion: Motion, truth: Tensor) -> Motion:
        motion = Motion(*(part.detach() for part in motion))
        warped = (warp(before, motion.before), warp(after, motion.after))
        seen = torch.cat((before, after, *warped, truth, *motion), 1)
        change = F.interpolate(F.pixel_shuffle(self.block(seen), 2), scale_factor=2.0, mode="bilinear").float()
        return Motion(motion.before + change[:, :2], motion.after + change[:, 2:4], motion.mask + change[:, 4:])


LOSS = Loss(Options, Privileged)
