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
from .taps import Tapped


@dataclass
class Training:
    """Everything that changes while training; `state_dict` is enough to go on to the same bits."""

    student: nn.Module
    average: nn.Module
    losses: WeightedSum
    optimiser: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs."""
        parts = {key: getattr(self, key).state_dict() for key in ("student", "average", "losses", "optimiser")}
        return {**parts, "step": self.step, "seconds": self.seconds}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to a saved moment."""
        for key in ("student", "average", "losses", "optimiser"):
            getattr(self, key).load_state_dict(state[key])
        self.step, self.seconds = state["step"], state["seconds"]


def prepare(recipe: Recipe, first: Batch, device: torch.device) -> tuple[Training, Tapped]:
    """Build the student, its losses and optimiser from the recipe's seed.

    `first` is a batch to run through them once, which fixes the shapes of the adapters.
    """
    torch.manual_seed(recipe.seed)
    spec = recipe.student_spec()
    student = spec.build().to(device, memory_format=torch.channels_last)
    losses = WeightedSum(recipe.loss)
    tapped = Tapped(student, spec, losses.student_taps)
    with torch.no_grad():
        losses.to(device)(tapped(first.lr), first.teacher, first.hr)
    average = copy.deepcopy(student).requires_grad_(False)
    for module in average.modules():
        module._forward_hooks.clear()
    parameters = [*student.parameters(), *losses.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=recipe.optimiser.lr, betas=(0.9, 0.99))
    return Training(student, average, losses, optimiser), tapped


def train(
    recipe: Recipe,
    training: Training,
    tapped: Tapped,
    batches: Callable[[int], Batch],
    evaluate: Callable[[nn.Module], float],
    folder: RunFolder,
    device: torch.device,
    quiet: bool = False,
) -> None:
    """Train from `training.step` to the recipe's last step.

    Every `eval_every` steps, at the end, and when interrupted, the state is saved; an evaluation first
    logs a row to the curves. `evaluate` scores the averaged weights, in dB. Raises BadInput when the
    loss is no longer finite, KeyboardInterrupt once the step under way is done and saved.
    """
    amp = recipe.amp and has_bfloat16(device)
    score = 0.0
    began = time.monotonic() - training.seconds
    with Interruptible() as stop, progress("train", recipe.steps, quiet, done=training.step) as advance:
        while training.step < recipe.steps:
            total, parts = one_step(recipe, training, tapped, batches(training.step), amp)
            training.step += 1
            if training.step % recipe.eval_every == 0 or training.step == recipe.steps:
                _require_finite(total, training.step)
                score = evaluate(training.average)
                training.seconds = time.monotonic() - began
                values = {name: round(float(value), 6) for name, value in parts.items()}
                folder.log({"step": training.step, "seconds": round(training.seconds, 1), "psnr_y": score, **values})
                folder.save_state(training.state_dict())
            if training.step % 10 == 0:
                advance(10, f"loss {float(total):.5f}  PSNR {score:.2f} dB")
            if stop.asked:
                training.seconds = time.monotonic() - began
                folder.save_state(training.state_dict())
                raise KeyboardInterrupt


def _require_finite(total: Tensor, step: int) -> None:
    if not torch.isfinite(total):
        raise BadInput(f"the loss is no longer finite at step {step}; start again with a lower --set optimiser.lr")


def one_step(recipe: Recipe, training: Training, tapped: Tapped, batch: Batch, amp: bool) -> tuple[Tensor, dict[str, Tensor]]:
    """Forward, backward, clip, update, average. Returns the loss and its terms."""
    settings = recipe.optimiser
    for group in training.optimiser.param_groups:
        group["lr"] = learning_rate(training.step, recipe.steps, settings)
    with torch.autocast(batch.lr.device.type, torch.bfloat16, enabled=amp):
        outputs = tapped(batch.lr)
    total, parts = training.losses(outputs, batch.teacher, batch.hr)
    training.optimiser.zero_grad(set_to_none=True)
    total.backward()
    weights = list(training.student.parameters())
    nn.utils.clip_grad_norm_([*weights, *training.losses.parameters()], settings.clip)
    training.optimiser.step()
    # Early on the average follows closely, so that short runs are not held back by the start.
    decay = min(settings.ema, (1 + training.step) / (10 + training.step))
    with torch.no_grad():
        torch._foreach_lerp_(list(training.average.parameters()), weights, 1 - decay)
    return total.detach(), {name: value.detach() for name, value in parts.items()}


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 natively; emulation would be slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported()
