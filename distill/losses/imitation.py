"""How far the code of a privileged teacher is from the small picture that its student gets."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..batch import Target
from ..loss import Loss, LossTerm
from ..taps import Outputs


@dataclass(frozen=True)
class Options:
    """None."""


class Imitation(LossTerm):
    """The imitation loss of PISR (Lee et al. 2020, section 3.2): what the code adds must be worth its price.

    Without it the code may become what no small picture is like, and the features that come of it nothing that a
    student can follow.
    """

    student_taps = ("code",)

    def __init__(self, options: Options) -> None:
        super().__init__()

    def forward(self, student: Outputs, teacher: Outputs | None, target: Target) -> Tensor:
        """Scalar: L1 distance."""
        return (student.taps["code"].float() - target.inputs[0]).abs().mean()


LOSS = Loss(Options, Imitation)
