"""The one training loop: teachers and students, plain and distilled."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..core.checkpoint import Checkpoint
from ..core.errors import BadInput
from ..core.interrupt import Interruptible
from ..core.progress import progress
from .batch import Batch
from .fake_quant import imitate_int8, take_ranges
from .loss import WeightedSum
from .recipe import Recipe
from .run_folder import RunFolder
from .schedule import learning_rate
from .start import freeze_body, take_over
from .taps import Outputs, Tapped

_LOOK_EVERY = 10
"""Steps between two looks at the loss: each look waits for the device."""
_WATCHED = 16
"""Batches that the ranges of int8 begin with."""


@dataclass
class Training:
    """Everything that changes while training; `state_dict` is enough to go on to the same bits."""

    student: Tapped
    average: nn.Module
    losses: WeightedSum
    optimiser: torch.optim.Optimizer
    against: torch.optim.Optimizer | None
    """Of the losses' rivals, where they have any."""
    step: int = 0
    seconds: float = 0.0

    def _parts(self) -> dict[str, Any]:
        parts = {
            "student": self.student.network,
            "average": self.average,
            "losses": self.losses,
            "optimiser": self.optimiser,
        }
        return parts | ({"against": self.against} if self.against else {})

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of all that is trained."""
        for optimiser in filter(None, (self.optimiser, self.against)):
            for group in optimiser.param_groups:
                group["lr"] = rate

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs."""
        parts = {name: part.state_dict() for name, part in self._parts().items()}
        return {**parts, "step": self.step, "seconds": self.seconds}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to a saved moment."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.step, self.seconds = state["step"], state["seconds"]


def prepare(
    recipe: Recipe,
    losses: WeightedSum,
    start: Checkpoint | None,
    teacher: Outputs | None,
    device: torch.device,
    int8: Sequence[str] = (),
) -> Training:
    """Build the student from the recipe's seed or `start`, the adapters and rivals of its losses, and the optimisers.

    `teacher` shows the shapes of the teacher's features; the layers named in `int8` compute on 8 bits. Raises
    BadInput for a feature that the student does not have, and for crops too small for a loss.
    """
    torch.manual_seed(recipe.seed)
    spec = recipe.student_spec()
    built = spec.build()
    if start:
        take_over(built, spec, start)
    if recipe.student.freeze == "body":
        freeze_body(built, spec)
    if recipe.quantize:
        imitate_int8(built, dict.fromkeys(int8, (0.0, 0.0)), recipe.quantize.signed)
    network = built.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(network).requires_grad_(False).eval()
    student = Tapped(network, spec, losses.student_taps, f"the student {recipe.student.name}")
    blank = (tensor.to(device) for tensor in spec.blank(recipe.data.patch, recipe.data.patch))
    with torch.no_grad():
        losses.fit(student(*blank), teacher)
    losses.to(device)
    optimiser = _adam(recipe, [*network.parameters(), *losses.adapters()])
    rivals = losses.rivals()
    return Training(student, average, losses, optimiser, _adam(recipe, rivals) if rivals else None)


def _adam(recipe: Recipe, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    trained = [weight for weight in parameters if weight.requires_grad]
    return torch.optim.Adam(trained, lr=recipe.optimiser.lr, betas=(0.9, 0.99), fused=True)


def begin_int8(training: Training, batches: Callable[[int], Batch]) -> None:
    """Set the ranges of a student in imitated int8 to the widest that its first batches give, and black and white."""
    given = [batches(step).target.inputs for step in range(_WATCHED)]
    flat = [tuple(torch.full_like(one, level) for one in given[0]) for level in (0, 1)]
    take_ranges(training.student.network, [*given, *flat])
    training.average.load_state_dict(training.student.network.state_dict())


def train(
    recipe: Recipe,
    training: Training,
    batches: Callable[[int], Batch],
    evaluate: Callable[[nn.Module], float],
    metric: str,
    folder: RunFolder,
    device: torch.device,
    quiet: bool = False,
) -> None:
    """Train from `training.step` to the recipe's last step.

    Every `eval_every` steps, at the end, and when interrupted, the state is saved; an evaluation first
    logs a row to the curves. `evaluate` scores the averaged weights, in dB, and `metric` is its name. Raises
    BadInput when the numbers are no longer finite, KeyboardInterrupt once the step under way is done and saved.
    """
    amp = recipe.amp and has_bfloat16(device)
    note, quality = "", ""
    began = time.monotonic() - training.seconds
    with Interruptible() as stop, progress("train", recipe.steps, quiet, done=training.step) as advance:
        while training.step < recipe.steps:
            step = one_step(recipe, training, batches(training.step), amp)
            due = training.step % recipe.eval_every == 0 or training.step == recipe.steps
            if due or stop.asked or training.step % _LOOK_EVERY == 0:
                _require_finite(step, training.step)
                training.seconds = time.monotonic() - began
                note = f"loss {float(step.loss):.5f}{quality}"
            if due:
                score = evaluate(training.average)
                quality = f"  PSNR {score:.2f} dB"
                terms = {name: round(float(value), 6) for name, value in step.terms.items()}
                folder.log({"step": training.step, "seconds": round(training.seconds, 1), metric: score, **terms})
            advance(1, note)
            if due or stop.asked:
                folder.save_state(training.state_dict())
            if stop.asked:
                raise KeyboardInterrupt(f"interrupted at step {training.step}; go on with --resume")


@dataclass(frozen=True)
class Step:
    """What one step found; scalars on the device."""

    loss: Tensor
    terms: dict[str, Tensor]
    """Each term of the loss before weighting, and what each rival minimises."""
    gradient: Tensor
    """Norm before clipping; that of the rivals is added."""


def one_step(recipe: Recipe, training: Training, batch: Batch, amp: bool) -> Step:
    """Forward, backward, clip, update, average; then the rivals' turn, on what the student made before its update."""
    settings, autocast = recipe.optimiser, torch.autocast(batch.target.picture.device.type, torch.bfloat16, enabled=amp)
    training.set_rate(learning_rate(training.step, recipe.steps, settings))
    with autocast:
        outputs = training.student(*batch.target.inputs)
        loss, terms = training.losses(outputs, batch.teacher, batch.target)
    gradient = _update(training.optimiser, loss, settings.clip)
    # Early on the average follows closely, so that short runs are not held back by the start.
    decay = min(settings.ema, (1 + training.step) / (10 + training.step))
    with torch.no_grad():
        weights = training.student.network.parameters()
        for mean, weight in zip(training.average.parameters(), weights, strict=True):
            mean.lerp_(weight, 1 - decay)
    if training.against:
        with autocast:
            contests = training.losses.contest(outputs.detached(), batch.teacher, batch.target)
        gradient = gradient + _update(training.against, torch.stack([*contests.values()]).sum(), settings.clip)
        terms |= contests
    training.step += 1
    return Step(loss.detach(), {name: value.detach() for name, value in terms.items()}, gradient)


def _update(optimiser: torch.optim.Optimizer, loss: Tensor, clip: float) -> Tensor:
    """One step of an optimiser on what lowers the loss; gives the norm of the gradient before it was clipped."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    norm = nn.utils.clip_grad_norm_([weight for group in optimiser.param_groups for weight in group["params"]], clip)
    optimiser.step()
    return norm


def _require_finite(step: Step, number: int) -> None:
    if not torch.isfinite(step.loss + step.gradient):
        raise BadInput(f"the loss is no longer finite at step {number}; start again with a lower --set optimiser.lr")


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 natively; emulation would be slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported()
