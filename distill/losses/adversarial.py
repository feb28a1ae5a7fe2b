"""A discriminator, trained beside the student, that must not tell its pictures from true ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...core.errors import BadInput
from ...core.options import Count
from ..batch import Target
from ..discriminators import DISCRIMINATORS
from ..loss import Aim, Loss, LossTerm, aimed
from ..taps import Outputs


@dataclass(frozen=True)
class Options:
    """Which discriminator, how wide, and whose pictures the student's are to pass for."""

    discriminator: Literal["unet", "vgg"] = "unet"
    features: Count = 64
    to: Aim = "truth"


def relativistic(above: Tensor, below: Tensor) -> Tensor:
    """How far logits `above` are from being higher than the mean of `below`, and those lower than the mean of these.

    The relativistic average loss (Jolicoeur-Martineau 2018), halved; log 2 where all are equal.
    """
    above, below = above.float(), below.float()
    higher, lower = F.softplus(below.mean() - above).mean(), F.softplus(below - above.mean()).mean()
    return (higher + lower) / 2


class Adversarial(LossTerm):
    """The relativistic average GAN of ESRGAN (Wang et al. 2018, section 3.2).

    The discriminator says which pictures are more real than the others are on average; the student
    lowers the same loss with the two exchanged.
    """

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.kind, self.features = options.discriminator, options.features
        self.aim: Aim = options.to
        self.needs_teacher = options.to == "teacher"

    def fit(self, student: Outputs, teacher: Outputs | None) -> None:
        """Make the discriminator for pictures of as many channels; BadInput where they are too small for it."""
        chosen, side = DISCRIMINATORS[self.kind], min(student.picture.shape[2:])
        if side < chosen.least:
            raise BadInput(
                f"the discriminator '{self.kind}' judges pictures of {chosen.least} px or more, and crops become "
                f"{side}; use a larger --set data.patch=N, or discriminator = 'unet'"
            )
        self.discriminator = chosen(student.picture.shape[1], self.features)

    def rival(self) -> nn.Module:
        """The discriminator."""
        return self.discriminator

    def forward(self, student: Outputs, teacher: Outputs | None, target: Target) -> Tensor:
        """Scalar: the student's pictures are to seem more real."""
        made, wanted = aimed(self.aim, student, teacher, target)
        with _still(self.discriminator):
            with torch.no_grad():
                real = self.discriminator(wanted)
            return relativistic(self.discriminator(made), real)

    def contest(self, student: Outputs, teacher: Outputs | None, target: Target) -> Tensor:
        """Scalar: the discriminator is to find the wanted pictures more real."""
        made, wanted = aimed(self.aim, student, teacher, target)
        return relativistic(self.discriminator(wanted), self.discriminator(made))


@contextmanager
def _still(network: nn.Module) -> Iterator[None]:
    """Gradients pass through the network and leave none in it."""
    network.requires_grad_(False)
    yield
    network.requires_grad_(True)


LOSS = Loss(Options, Adversarial)
