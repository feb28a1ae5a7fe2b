"""Where a run starts: at the weights of another, all or all but the head, and with what of them kept still."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from torch import nn

from ..core import checkpoint
from ..core.catalog import NETWORKS
from ..core.checkpoint import Checkpoint
from ..core.errors import BadInput
from ..core.locate import locate
from ..core.spec import ModelSpec
from .recipe import Recipe


def load_start(recipe: Recipe) -> Checkpoint | None:
    """The weights to start from, or None.

    Of a network that is built round a student, a run of that student takes the student. Weights of another scale serve
    a network that has a head. Raises BadInput when they are another network's.
    """
    if recipe.start == "none":
        return None
    path, spec, options = locate(recipe.start), recipe.student_spec(), recipe.student_options()
    start = _student_in(checkpoint.load(path, scale_of(spec) if _foreign(path) else None), recipe.student.name)
    given = replace(start.options, scale=spec.scale) if spec.head and start.spec.head else start.options
    if (start.name, given) != (recipe.student.name, options):
        raise BadInput(f"start = {recipe.start} holds {start.name} with {start.options}, not this recipe's student")
    return start


def _student_in(start: Checkpoint, wanted: str) -> Checkpoint:
    inside = NETWORKS.get(start.name).inside(start.options)
    if inside is None or inside.name != wanted:
        return start
    return replace(start, name=inside.name, options=inside.options, network=start.network.get_submodule(inside.path))


def _foreign(path: Path) -> bool:
    return path.is_file() and path.suffix != ".safetensors"


def scale_of(student: ModelSpec) -> int | None:
    """What foreign weights that do not tell their scale are taken to be of."""
    return student.scale if student.task == "upscale" else None


def take_over(network: nn.Module, spec: ModelSpec, start: Checkpoint) -> None:
    """Give a freshly built network the weights of `start`; where that is of another scale, all but the head's."""
    taken = start.network.state_dict()
    if start.spec.scale != spec.scale:
        taken = {name: weight for name, weight in taken.items() if not name.startswith(f"{spec.head}.")}
    network.load_state_dict({**network.state_dict(), **taken})


def freeze_body(network: nn.Module, spec: ModelSpec) -> None:
    """Keep all but the head as it is. Raises BadInput for a network whose head is not told apart."""
    if not spec.head:
        raise BadInput("student.freeze = body: this student has no head that could be trained alone; leave it out")
    network.requires_grad_(False).get_submodule(spec.head).requires_grad_()
