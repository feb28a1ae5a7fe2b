"""What a file in `losses/` registers, and the sum that training minimises."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn
from torch.nn import Parameter

from ..core.catalog import LOSSES
from ..core.errors import BadInput
from ..core.spec import Task
from .batch import Target
from .recipe import LossChoice
from .taps import Outputs

Aim = Literal["truth", "teacher"]


def aimed(aim: Aim, student: Outputs, teacher: Outputs | None, target: Target) -> tuple[Tensor, Tensor]:
    """The student's pictures and those that they are to be like: the true ones, or the teacher's of as many samples."""
    if aim == "truth":
        return student.picture, target.picture
    assert teacher is not None
    return student.picture[: len(teacher.picture)], teacher.picture


class LossTerm(nn.Module):
    """One term; its parameters, if any, are adapters trained with the student, but for those of a rival."""

    student_taps: tuple[str, ...] = ()
    teacher_taps: tuple[str, ...] = ()
    needs_teacher: bool = False
    needs_motion: bool = False
    """Whether it is of use only to networks that find motion."""

    def fit(self, student: Outputs, teacher: Outputs | None) -> None:
        """Make adapters for features of these shapes; called once, before training."""

    @abstractmethod
    def forward(self, student: Outputs, teacher: Outputs | None, target: Target) -> Tensor:
        """A scalar. `teacher`, where there is one, may hold but the first samples of the batch."""

    def rival(self) -> nn.Module | None:
        """A network that is trained against the student, by `contest`; `forward` sends it no gradient."""
        return None

    def contest(self, student: Outputs, teacher: Outputs | None, target: Target) -> Tensor:
        """What the rival minimises, a scalar; no gradient comes through what the student made."""
        raise NotImplementedError("only a term with a rival has a contest")


@dataclass(frozen=True)
class Loss:
    """The constant `LOSS` of a file in `losses/`."""

    options: type
    build: Callable[[Any], LossTerm]


class WeightedSum(nn.Module):
    """The terms of a recipe with their weights."""

    def __init__(self, choices: Sequence[LossChoice], has_teacher: bool, task: Task) -> None:
        """Raises BadInput when a term needs a teacher and there is none, or motion and the task knows none."""
        super().__init__()
        self._terms: list[LossTerm] = [LOSSES.get(choice.name).build(choice.loss_options()) for choice in choices]
        # Registers the adapters; a ModuleList has lost what its members are.
        self.terms = nn.ModuleList(self._terms)
        self._weights = [choice.weight for choice in choices]
        self._labels = _labels([choice.name for choice in choices])
        for label, term in zip(self._labels, self._terms, strict=True):
            if term.needs_teacher and not has_teacher:
                raise BadInput(f"the loss '{label}' needs a teacher; add teacher = MODEL to the recipe, or drop it")
            if term.needs_motion and task != "interpolate":
                raise BadInput(f"the loss '{label}' is for networks that interpolate; drop it")

    @property
    def student_taps(self) -> set[str]:
        """Features of the student that some term needs."""
        return {tap for term in self._terms for tap in term.student_taps}

    @property
    def teacher_taps(self) -> set[str]:
        """Features of the teacher that some term needs."""
        return {tap for term in self._terms for tap in term.teacher_taps}

    def fit(self, student: Outputs, teacher: Outputs | None) -> None:
        """Let every term make its adapters."""
        for term in self._terms:
            term.fit(student, teacher)

    def rivals(self) -> list[Parameter]:
        """What is trained against the student."""
        return [weight for term in self._terms for weight in _weights(term.rival())]

    def adapters(self) -> list[Parameter]:
        """What is trained with the student."""
        rivals = {id(weight) for weight in self.rivals()}
        return [weight for weight in self.parameters() if id(weight) not in rivals]

    def contest(self, student: Outputs, teacher: Outputs | None, target: Target) -> dict[str, Tensor]:
        """What each rival minimises, by the label of its term."""
        terms = zip(self._labels, self._terms, strict=True)
        return {f"{label} rival": term.contest(student, teacher, target) for label, term in terms if term.rival()}

    def forward(self, student: Outputs, teacher: Outputs | None, target: Target) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum, and each term before weighting."""
        values = [term(student, teacher, target) for term in self._terms]
        weighted = (weight * value for weight, value in zip(self._weights, values, strict=True))
        total = sum(weighted, target.picture.new_zeros(()))
        return total, dict(zip(self._labels, values, strict=True))


def _weights(network: nn.Module | None) -> list[Parameter]:
    return list(network.parameters()) if network else []


def _labels(names: list[str]) -> list[str]:
    """The names, numbered from the second of a kind on: feature, feature-2."""
    return [
        name if (seen := names[:place].count(name)) == 0 else f"{name}-{seen + 1}" for place, name in enumerate(names)
    ]
