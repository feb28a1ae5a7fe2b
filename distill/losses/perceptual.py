"""Distance between what a network trained on ImageNet sees in the student's picture and in the wanted one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from ...core.errors import BadInput
from ..backbone import load_backbone
from ..batch import Target
from ..loss import Aim, Loss, LossTerm, aimed
from ..recipe import Positive
from ..taps import Outputs


@dataclass(frozen=True)
class Options:
    """`backbone` is a file, see `distill/backbone.py`; `layers` weighs its layers, by default the last one alone."""

    backbone: str = ""
    layers: dict[str, Positive] = field(default_factory=dict)
    to: Aim = "truth"


class Perceptual(LossTerm):
    """L1 distance of features before their activation (ESRGAN, Wang et al. 2018, section 3.3).

    Each layer's is a share of the mean size of the wanted picture's features, so that one weight serves every backbone.
    """

    def __init__(self, options: Options) -> None:
        super().__init__()
        if not options.backbone:
            raise BadInput("[[loss]] perceptual needs backbone = 'FILE': a VGG16, VGG19 or SqueezeNet 1.1")
        self.backbone = load_backbone(Path(options.backbone))
        self.layers = options.layers or {self.backbone.layers[-1]: 1.0}
        self.backbone.require(self.layers)
        self.aim: Aim = options.to
        self.needs_teacher = options.to == "teacher"

    def forward(self, student: Outputs, teacher: Outputs | None, target: Target) -> Tensor:
        """Scalar: the weighted sum over the layers."""
        made, wanted = aimed(self.aim, student, teacher, target)
        with torch.no_grad():
            theirs = self.backbone(wanted, self.layers)
        ours = self.backbone(made, self.layers)
        return torch.stack([weight * _share(ours[name], theirs[name]) for name, weight in self.layers.items()]).sum()


def _share(ours: Tensor, theirs: Tensor) -> Tensor:
    return F.l1_loss(ours.float(), theirs.float()) / theirs.float().abs().mean().clamp_min(1e-8)


LOSS = Loss(Options, Perceptual)
