"""What a bundle of a task is measured on, so that sealing one asks for no task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.bundle import Bundle
from ..core.cases import Case
from ..core.checkpoint import Checkpoint
from ..core.manifest import Manifest, PairSample, Sample

Set = list[Any]
"""Pictures or triplets with a known truth, as the task has them."""
Samples = tuple[list[Sample | PairSample], dict[str, bytes]]
"""What the manifest says of the samples, and their files."""


@dataclass(frozen=True)
class Task:
    """One task's own pictures."""

    read_set: Callable[[Path], Set]
    """A folder that a user scores on. Raises BadInput for one that holds nothing of the kind."""
    draw: Callable[[], Set]
    """The set that is drawn from a seed."""
    samples: Callable[[Checkpoint, Manifest], Samples]
    """That set and what the fp32 network makes of it in torch: the word that graphs are held to."""
    cases: Callable[[Set, Manifest], list[Case]]
    """A set as the runtime scores it. Raises BadInput for a picture that is too small."""
    score: Callable[[Bundle, Sequence[Case]], dict[str, float]]
    """Mean scores of every precision on a set, by `SCORE_PRECISION`, those of a simple method beside them."""


def task(name: str) -> Task:
    """The task that a spec or a manifest names."""
    from . import interpolation, upscaling

    return {"upscale": upscaling.TASK, "interpolate": interpolation.TASK}[name]
