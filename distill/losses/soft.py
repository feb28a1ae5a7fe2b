"""Soft labels: the teacher's picture as a target mixed with the truth, and its fusion mask."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ...core.options import Share
from ..batch import Target
from ..loss import Loss, LossTerm
from ..recipe import NotNegative, Positive
from ..taps import Outputs
from .pixel import Norm, distance


@dataclass(frozen=True)
class Options:
    """`alpha` is the share of the teacher in the mixed target distance, in [0, 1]."""

    alpha: Share = 0.5
    norm: Norm = "l1"
    mask: NotNegative = 0.0
    """Weight of the fusion mask's term next to the picture's, for networks that have one."""
    temperature: Positive = 2.0
    """What mask logits are divided by before they are compared."""


def tempered_divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Mean KL divergence of Bernoulli logits, both divided by the temperature T, times T².

    The factor keeps the size of the gradient whatever T is (Hinton, Vinyals and Dean 2015, section 2).
    """
    wanted = torch.sigmoid(teacher / temperature)
    found = student / temperature
    cross = F.binary_cross_entropy_with_logits(found, wanted)
    return (cross - F.binary_cross_entropy_with_logits(teacher / temperature, wanted)) * temperature**2


class Soft(LossTerm):
    """Hinton, Vinyals and Dean 2015.

    A fusion mask says of each pixel which frame it is from: a label, and the teacher's is a soft one.
    A picture is regressed; by section 2.1 there, at high temperature, matching a distribution becomes
    matching its logits by a squared error. A pixel is such a logit, so the teacher's picture is the
    soft target, and the truth the hard one, weighed by `alpha`.
    """

    needs_teacher = True

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.alpha, self.mask, self.temperature = options.alpha, options.mask, options.temperature
        self.norm: Norm = options.norm
        self.needs_motion = options.mask > 0

    def forward(self, student: Outputs, teacher: Outputs | None, target: Target) -> Tensor:
        """Scalar: alpha * distance to the teacher + (1 - alpha) * distance to the truth + the mask's term."""
        assert teacher is not None
        taught = student.first(len(teacher.picture))
        soft = distance(taught.picture, teacher.picture, self.norm)
        loss = self.alpha * soft + (1 - self.alpha) * distance(student.picture, target.picture, self.norm)
        if self.mask:
            ours, theirs = taught.motions[-1].mask, teacher.motions[-1].mask
            loss = loss + self.mask * tempered_divergence(ours, theirs, self.temperature)
        return loss


LOSS = Loss(Options, Soft)
