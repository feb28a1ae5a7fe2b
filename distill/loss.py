"""What a file in `losses/` registers, and the sum that training minimises."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from ..core.catalog import LOSSES
from ..core.errors import BadInput
from ..core.options import build_options
from .recipe import LossChoice
from .taps import Outputs


class LossTerm(nn.Module):
    """One term; its parameters, if any, are adapters trained with the student."""

    student_taps: tuple[str, ...] = ()
    teacher_taps: tuple[str, ...] = ()
    needs_teacher: bool = False

    @abstractmethod
    def forward(self, student: Outputs, teacher: Outputs | None, target: Tensor) -> Tensor:
        """A scalar; `target` is the true picture, (N, C, H, W) in [0, 1]."""


@dataclass(frozen=True)
class Loss:
    """The constant `LOSS` of a file in `losses/`."""

    summary: str
    options: type
    build: Callable[[Any], LossTerm]


class WeightedSum(nn.Module):
    """The terms of a recipe with their weights."""

    def __init__(self, choices: list[LossChoice]) -> None:
        super().__init__()
        terms = []
        for choice in choices:
            loss = LOSSES.get(choice.name)
            terms.append(loss.build(build_options(loss.options, choice.options, f"[[loss]] {choice.name}")))
        self.terms = nn.ModuleList(terms)
        self.names = [choice.name for choice in choices]
        self.weights = [choice.weight for choice in choices]

    def require(self, has_teacher: bool) -> None:
        """Raise BadInput when a term needs a teacher and the recipe has none."""
        for name, term in zip(self.names, self.terms, strict=True):
            if term.needs_teacher and not has_teacher:
                raise BadInput(f"the loss '{name}' needs a teacher; set teacher = MODEL in the recipe, or drop the loss")

    @property
    def student_taps(self) -> set[str]:
        """Features of the student that some term needs."""
        return {tap for term in self.terms for tap in term.student_taps}  # type: ignore[union-attr]

    @property
    def teacher_taps(self) -> set[str]:
        """Features of the teacher that some term needs."""
        return {tap for term in self.terms for tap in term.teacher_taps}  # type: ignore[union-attr]

    def forward(self, student: Outputs, teacher: Outputs | None, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum, and each term before weighting."""
        values = [term(student, teacher, target) for term in self.terms]
        total = sum(weight * value for weight, value in zip(self.weights, values, strict=True))
        return total, dict(zip(self.names, values, strict=True))  # type: ignore[return-value]
