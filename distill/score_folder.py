"""An opened model and a folder of what it is scored on -> its scores, with progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from ..core import picture, triplet
from ..core.errors import BadInput
from ..core.progress import progress
from .evaluate import PLAIN, Trial, score
from .interpolation_scores import score_triplets
from .model import InterpolatingModel, UpscalingModel

T = TypeVar("T")


def score_folder(
    model: UpscalingModel | InterpolatingModel, folder: Path, quiet: bool, trial: Trial = PLAIN
) -> dict[str, Any]:
    """Score on the HR pictures or the triplets in `folder`, as the model's task asks; the JSON of `distill eval`.

    `trial` is for models that upscale. Raises BadInput for a folder that is missing or holds no such thing, and for
    a picture that cannot be used.
    """
    if isinstance(model, InterpolatingModel):
        triplets = _found(triplet.find, folder, "the model interpolates and is scored on triplets")
        return score_triplets(model.between, _read(triplets, triplet.read, quiet))
    pictures = _found(picture.find, folder, "the model upscales and is scored on HR pictures")
    named = ((path.name, bgr) for path, bgr in zip(pictures, _read(pictures, picture.read, quiet), strict=True))
    return score(model.upscaler, named, model.scale, trial)


def _found(find: Callable[[Path], list[Path]], folder: Path, wanted: str) -> list[Path]:
    try:
        return find(folder)
    except BadInput as error:
        raise BadInput(f"{error}; {wanted}") from error


def _read(paths: list[Path], read: Callable[[Path], T], quiet: bool) -> Iterator[T]:
    with progress("eval", len(paths), quiet) as advance:
        for path in paths:
            yield read(path)
            advance()
