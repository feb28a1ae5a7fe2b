"""Distance between the Laplacian pyramids of the student's picture and of the truth."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from ...core.options import Count
from ..batch import Target
from ..loss import Loss, LossTerm
from ..taps import Outputs


@dataclass(frozen=True)
class Options:
    """`levels` of the pyramid; sides must be divisible by two that often."""

    levels: Count = 5


def pyramid_distance(a: Tensor, b: Tensor, levels: int) -> Tensor:
    """Mean L1 distance of two Laplacian pyramids, level k weighing 2^k (Niklaus and Liu 2018).

    A pyramid is linear, so that of the difference is taken; levels are halved by the mean of 2x2.
    """
    error, total = a - b, a.new_zeros(())
    for level in range(levels):
        smaller = F.avg_pool2d(error, 2)
        detail = error - F.interpolate(smaller, scale_factor=2.0, mode="bilinear")
        total = total + 2**level * detail.abs().mean()
        error = smaller
    return total / levels


class Laplacian(LossTerm):
    """What interpolation is judged by: detail at every scale, so that a ghost costs more than a shade."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.levels = options.levels

    def forward(self, student: Outputs, teacher: Outputs | None, target: Target) -> Tensor:
        """Scalar distance."""
        return pyramid_distance(student.picture, target.picture, self.levels)


LOSS = Loss(Options, Laplacian)
