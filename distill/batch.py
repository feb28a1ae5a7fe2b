"""What one training step works on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .taps import Outputs


@dataclass(frozen=True)
class Known:
    """True motion, where the samples were made and so it is known."""

    flow: Tensor
    """(N, 4, H, W): x, y to the frame before, x, y to the frame after, in pixels."""
    seen: Tensor
    """(N, 2, H, W), 1 where that flow is known and its end is visible, else 0."""


@dataclass(frozen=True)
class Target:
    """The truth about a batch."""

    picture: Tensor
    """(N, C, H, W) in [0, 1]: what the network should have made."""
    inputs: tuple[Tensor, ...]
    """What it made it from, as `ModelSpec.inputs` names it."""
    known: Known | None = None


@dataclass(frozen=True)
class Batch:
    """Truth, and what the teacher makes of the same inputs: of all, or only of the first of them."""

    target: Target
    teacher: Outputs | None

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        target, known = self.target, self.target.known
        inputs = tuple(tensor.to(device) for tensor in target.inputs)
        moved = known and Known(known.flow.to(device), known.seen.to(device))
        return Batch(Target(target.picture.to(device), inputs, moved), self.teacher and self.teacher.to(device))
