"""Where a run starts: at the weights of another, all or all but the head, and with what of them kept still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

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
    a network that has a head. Options may differ where the weights do not. Raises BadInput when they are another
    network's.
    """
    if recipe.start == "none":
        return None
    path, spec = locate(recipe.start), recipe.student_spec()
    start = _student_in(checkpoint.load(path, scale_of(spec) if _foreign(path) else None), recipe.student.name)
    with torch.device("meta"):
        wanted = _shapes(_taken(spec.build(), spec, start))
    scaled = start.spec.scale == spec.scale or spec.head
    if start.name != recipe.student.name or not scaled or _shapes(_taken(start.network, spec, start)) != wanted:
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
    network.load_state_dict({**network.state_dict(), **_taken(start.network, spec, start)})


def _taken(network: nn.Module, spec: ModelSpec, start: Checkpoint) -> dict[str, Tensor]:
    """The weights of a network that a start gives: all, or, where the scale changes, all but the head's."""
    same, state = start.spec.scale == spec.scale, network.state_dict()
    return {name: weight for name, weight in state.items() if same or not name.startswith(f"{spec.head}.")}


def _shapes(state: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: weight.shape for name, weight in state.items()}


def freeze_body(network: nn.Module, spec: ModelSpec) -> None:
    """Keep all but the head as it is. Raises BadInput for a network whose head is not told apart."""
    if not spec.head:
        raise BadInput("student.freeze = body: this student has no head that could be trained alone; leave it out")
    network.requires_grad_(False).get_submodule(spec.head).requires_grad_()
