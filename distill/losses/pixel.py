"""Distance of the student's picture to the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..batch import Target
from ..loss import Loss, LossTerm
from ..taps import Outputs

Norm = Literal["l1", "l2", "charbonnier"]


@dataclass(frozen=True)
class Options:
    """`charbonnier` is the smooth L1 of LapSRN (Lai et al. 2017) with epsilon 1e-3."""

    norm: Norm = "l1"


def distance(a: Tensor, b: Tensor, norm: Norm) -> Tensor:
    """Mean distance of two tensors of one shape."""
    error = a - b
    if norm == "l1":
        return error.abs().mean()
    return error.square().mean() if norm == "l2" else torch.sqrt(error.square() + 1e-6).mean()


class Pixel(LossTerm):
    """L1, L2 or Charbonnier distance to the true picture."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.norm: Norm = options.norm

    def forward(self, student: Outputs, teacher: Outputs | None, target: Target) -> Tensor:
        """Scalar distance."""
        return distance(student.picture, target.picture, self.norm)


LOSS = Loss(Options, Pixel)
