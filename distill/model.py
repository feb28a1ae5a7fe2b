"""MODEL on the command line of `distill eval` -> something that upscales pictures, or puts one between two."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..core.errors import BadInput, need
from ..core.locate import is_bundle, locate
from ..core.spec import refuse_other_scale
from .evaluate import Pair, Upscaled, Upscaler, coloured
from .interpolation_scores import Interpolator


@dataclass(frozen=True)
class UpscalingModel:
    """An opened model that upscales."""

    upscaler: Upscaler
    scale: int


@dataclass(frozen=True)
class InterpolatingModel:
    """An opened model that interpolates."""

    between: Interpolator


def open_model(
    model: str, scale: int | None = None, precision: str | None = None, engine: str | None = None
) -> UpscalingModel | InterpolatingModel:
    """Open a run folder, a checkpoint, a bundle or a shipped model by its name.

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


def _open_checkpoint(path: Path, scale: int | None) -> UpscalingModel | InterpolatingModel:
    need("torch", "train")
    from ..core import checkpoint
    from .torch_interpolator import torch_interpolator
    from .torch_upscaler import torch_upscaler

    trained = checkpoint.load(path, scale)
    network, spec = trained.deployed(), trained.spec
    if spec.task == "interpolate":
        return InterpolatingModel(torch_interpolator(network, spec))
    return UpscalingModel(torch_upscaler(network, spec), spec.scale)


def _open_bundle(path: Path, scale: int | None, precision: str, engine: str) -> UpscalingModel | InterpolatingModel:
    from ..core.colour import to_network
    from ..runtime.session import Session

    session = Session.open(path, engine, precision)
    facts = session.manifest
    refuse_other_scale(path, facts.task, facts.scale, scale)
    if facts.task == "interpolate":
        return InterpolatingModel(session.between)

    def upscale(pair: Pair) -> Upscaled:
        return coloured(session.network(to_network(pair.lr, facts.channels)), pair.lr)

    return UpscalingModel(upscale, facts.scale)
