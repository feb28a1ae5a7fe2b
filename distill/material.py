"""What each task trains and is judged on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from torch import nn

from ..core.spec import ModelSpec
from .batch import Batch
from .taps import Outputs


class Material(Protocol):
    """The pictures of one recipe, read and checked, with what its teacher makes of them."""

    metric: str
    """What `watch` counts, by its name in the scores."""

    def probe(self) -> Outputs | None:
        """What the teacher makes of a small black input, which shows the shapes to expect; None without a teacher."""
        ...

    def fill(self, quiet: bool) -> None:
        """Ask the teacher about all that is trained on."""
        ...

    def batch(self, step: int) -> Batch:
        """What step `step` trains on: always the same for one recipe and one set of pictures."""
        ...

    def watch(self, network: nn.Module) -> float:
        """PSNR in dB on what is held out."""
        ...

    def score(self, network: nn.Module, spec: ModelSpec) -> dict[str, Any]:
        """What a network, the student or its teacher, reaches there, as the JSON of `distill eval`."""
        ...

    def draw(self, network: nn.Module, path: Path) -> None:
        """Write a strip of pictures: input, what the network makes of it, truth."""
        ...

    def files(self, source: str) -> Sequence[Path]:
        """Those that are read of a source in the recipe's data."""
        ...
