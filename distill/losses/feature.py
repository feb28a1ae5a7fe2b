"""Knowledge in features: hints, attention transfer and affinity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...core.errors import BadInput
from ..batch import Target
from ..loss import Loss, LossTerm
from ..taps import Outputs


@dataclass(frozen=True)
class Options:
    """`pairs` maps a feature of the student to one of the teacher, by their public names."""

    kind: Literal["hint", "attention", "affinity"] = "hint"
    pairs: dict[str, str] = field(default_factory=dict)


def attention(features: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, H*W): mean square over channels, unit norm (Zagoruyko and Komodakis 2017)."""
    return F.normalize(features.square().mean(1).flatten(1), dim=1)


def affinity(features: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, H*W, H*W): cosine similarity of every two places (FAKD, He et al. 2020)."""
    columns = F.normalize(features.flatten(2), dim=1)
    return columns.transpose(1, 2) @ columns


class Feature(LossTerm):
    """Distance between features, the teacher's first resized to the student's grid.

    `hint` (FitNets, Romero et al. 2015) maps the student's channels to the teacher's by a learned
    1x1 convolution; the other two compare what does not depend on the number of channels.
    """

    needs_teacher = True

    def __init__(self, options: Options) -> None:
        super().__init__()
        if not options.pairs:
            raise BadInput("[[loss]] feature needs pairs = { student_feature = 'teacher_feature' }")
        self.kind, self.pairs = options.kind, options.pairs
        self.student_taps, self.teacher_taps = tuple(options.pairs), tuple(options.pairs.values())
        self.adapters = nn.ModuleDict()

    def fit(self, student: Outputs, teacher: Outputs | None) -> None:
        """One adapter for each pair, for hints."""
        assert teacher is not None
        if self.kind == "hint":
            for own, other in self.pairs.items():
                self.adapters[own] = nn.Conv2d(student.taps[own].shape[1], teacher.taps[other].shape[1], 1)

    def forward(self, student: Outputs, teacher: Outputs | None, target: Target) -> Tensor:
        """Scalar: the mean over the pairs."""
        assert teacher is not None
        taught = student.first(len(teacher.picture))
        return torch.stack([self._distance(name, taught, teacher) for name in self.pairs]).mean()

    def _distance(self, name: str, student: Outputs, teacher: Outputs) -> Tensor:
        own, other = student.taps[name].float(), teacher.taps[self.pairs[name]].float()
        if own.shape[-2:] != other.shape[-2:]:
            other = F.interpolate(other, own.shape[-2:], mode="bilinear", align_corners=False, antialias=True)
        if self.kind == "attention":
            return (attention(own) - attention(other)).square().sum(1).mean()
        if self.kind == "affinity":
            return (affinity(own) - affinity(other)).abs().mean()
        # Scaled by the teacher's own spread, so that one weight serves every teacher.
        return F.mse_loss(self.adapters[name](own), other) / other.var().clamp_min(1e-8)


LOSS = Loss(Options, Feature)
