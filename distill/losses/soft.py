"""Soft labels: the teacher's picture as a target, mixed with the truth."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ...core.options import Share
from ..loss import Loss, LossTerm
from ..taps import Outputs
from .pixel import Norm, distance


@dataclass(frozen=True)
class Options:
    """`alpha` is the share of the teacher in the mixed target distance, in [0, 1]."""

    alpha: Share = 0.5
    norm: Norm = "l1"


class Soft(LossTerm):
    """Hinton, Vinyals and Dean 2015, for outputs that are pictures.

    Section 2.1 there: at high temperature, matching the teacher's distribution becomes matching its
    logits by a squared error. A regressed pixel is such a logit, so the teacher's picture is the
    soft target, and the truth the hard one, weighed by `alpha`.
    """

    needs_teacher = True

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.alpha = options.alpha
        self.norm: Norm = options.norm

    def forward(self, student: Outputs, teacher: Outputs | None, target: Tensor) -> Tensor:
        """Scalar: alpha * distance to the teacher + (1 - alpha) * distance to the truth."""
        assert teacher is not None
        soft = distance(student.picture, teacher.picture, self.norm)
        hard = distance(student.picture, target, self.norm)
        return self.alpha * soft + (1 - self.alpha) * hard


LOSS = Loss(Options, Soft)
