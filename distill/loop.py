"""The one training loop: teachers and students, plain and distilled."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..core.errors import BadInput
from ..core.interrupt import Interruptible
from ..core.progress import progress
from .data import Batch
from .loss import WeightedSum
from .recipe import Recipe
from .run_folder import RunFolder
from .schedule import learning_rate
from .taps import Outputs, Tapped

_LOOK_EVERY = 10
"""Steps between two looks at the loss: each look waits for the device."""


@dataclass
class Training:
    """Everything that changes while training; `state_dict` is enough to go on to the same bits."""

    student: Tapped
    average: nn.Module
    losses: WeightedSum
    optimiser: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0

    def _parts(self) -> dict[str, Any]:
        return {
            "student": self.student.network,
            "average": self.average,
            "losses": self.losses,
            "optimiser": self.optimiser,
        }

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs."""
        parts = {name: part.state_dict() for name, part in self._parts().items()}
        return {**parts, "step": self.step, "seconds": self.seconds}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to a saved moment."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.step, self.seconds = state["step"], state["seconds"]


def prepare(recipe: Recipe, teacher: Callable[[], Outputs] | None, ...
def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 natively; emulation would be slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported()
