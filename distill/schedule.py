"""The learning rate as a plain function of the step, so that resuming needs no state."""

from __future__ import annotations

import math

from .recipe import Optimiser


def learning_rate(step: int, steps: int, optimiser: Optimiser) -> float:
    """Linear warm-up, then cosine decay (Loshchilov and Hutter 2017) from `lr` to `final_lr`."""
    if step < optimiser.warmup:
        return optimiser.lr * (step + 1) / optimiser.warmup
    share = (step - optimiser.warmup) / max(1, steps - optimiser.warmup)
    return optimiser.final_lr + (optimiser.lr - optimiser.final_lr) * 0.5 * (1 + math.cos(math.pi * share))
