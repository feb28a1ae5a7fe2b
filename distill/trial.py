"""The options of `distill eval` -> how a model that upscales is judged."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import BadInput, need
from .evaluate import Trial, Upscaler, degrader, shrinking
from .model import InterpolatingModel, UpscalingModel, open_model


def open_trial(
    model: UpscalingModel | InterpolatingModel,
    degradation: str,
    teacher: str | None,
    perceptual: Path | None,
    linear: Path | None,
) -> Trial:
    """Read the teacher and the network by which is judged.

    Raises BadInput for what cannot be used, for linear layers without a backbone, and, of a model that interpolates,
    for anything but the defaults.
    """
    if isinstance(model, InterpolatingModel) and (degradation != "bicubic" or teacher or perceptual):
        raise BadInput("--degradation, --teacher and --perceptual are for models that upscale; this one interpolates")
    if linear and not perceptual:
        raise BadInput("--lpips names linear layers; give the backbone that they were fitted to by --perceptual FILE")
    distance = None
    if perceptual:
        need("torch", "train")
        from .perceptual_distance import perceptual_distance

        distance = perceptual_distance(perceptual, linear)
    return Trial(degrader(degradation), _taught(teacher, model) if teacher else None, distance)


def _taught(teacher: str, model: UpscalingModel | InterpolatingModel) -> Upscaler:
    """The teacher, its pictures of the model's size."""
    opened = open_model(teacher)
    if isinstance(opened, InterpolatingModel) or isinstance(model, InterpolatingModel):
        raise BadInput(f"the teacher {teacher} interpolates and the model upscales")
    factor, rest = divmod(opened.scale, model.scale)
    if rest:
        raise BadInput(f"the teacher {teacher} upscales x{opened.scale}, not x{model.scale} or a multiple of it")
    return shrinking(opened.upscaler, factor)
