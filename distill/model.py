"""MODEL on the command line of `distill eval` -> something that upscales pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..core.errors import BadInput, need
from ..core.locate import is_bundle, locate
from .evaluate import Upscaled, Upscaler, coloured


def open_upscaler(
    model: str, scale: int | None = None, precision: str | None = None, engine: str | None = None
) -> tuple[Upscaler, int]:
    """A run folder, a checkpoint, a bundle or a shipped name -> its upscaler and its scale.

    A checkpoint runs through torch in float32, as it is deployed; a bundle as its user runs it.
    Raises BadInput for a `scale` that is not the model's, and for a precision or engine asked of a checkpoint.
    """
    path = locate(model)
    if is_bundle(path):
        return _open_bundle(path, scale, precision or "auto", engine or "auto")
    if precision or engine:
        raise BadInput(
            f"{model} is a checkpoint and runs through torch in fp32; for --precision or --engine make a bundle of it: "
            f"pocketlens export bundle {model} -o NAME.plens"
        )
    return _open_checkpoint(path, scale)


def _open_checkpoint(path: Path, scale: int | None) -> tuple[Upscaler, int]:
    need("torch", "train")
    from ..core import checkpoint
    from .torch_upscaler import torch_upscaler

    trained = checkpoint.load(path, scale)
    return torch_upscaler(trained.deployed(), trained.spec), trained.spec.scale


def _open_bundle(path: Path, scale: int | None, precision: str, engine: str) -> tuple[Upscaler, int]:
    from ..core.colour import to_network
    from ..runtime.session import Session

    session = Session.open(path, engine, precision)
    facts = session.manifest
    if scale not in (None, facts.scale):
        raise BadInput(f"{path} upscales x{facts.scale}, not x{scale}")

    def upscale(lr: np.ndarray) -> Upscaled:
        return coloured(session.network(to_network(lr, facts.channels)), lr)

    return upscale, facts.scale
