"""Triplets on disk: a folder of three pictures, of which, in name order, the middle one is the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import picture
from .errors import BadInput

WHAT = "a triplet is a folder of three pictures: in name order, the middle one is the truth"


@dataclass(frozen=True)
class Triplet:
    """Two frames and the true picture between them, uint8 (H, W, 3) BGR of one size."""

    name: str
    before: np.ndarray
    truth: np.ndarray
    after: np.ndarray
    t: float = 0.5
    """Where the truth lies between the frames, in (0, 1)."""


def find(folder: Path) -> list[Path]:
    """The triplets in `folder`: its sub-folders of exactly three pictures, by name, or itself if it is one.

    Raises BadInput for a folder that is missing or holds none.
    """
    if len(picture.inside(folder)) == 3:
        return [Path(folder)]
    found = [path for path in sorted(Path(folder).iterdir()) if path.is_dir() and len(picture.inside(path)) == 3]
    if not found:
        raise BadInput(f"no triplets in {folder}; {WHAT}")
    return found


def read(path: Path) -> Triplet:
    """Read the triplet in the folder `path`, whose name it takes.

    Raises BadInput, naming the pictures, for other than three of one size.
    """
    paths = picture.inside(path)
    if len(paths) != 3:
        raise BadInput(f"{path} holds {len(paths)} pictures; {WHAT}")
    before, truth, after = frames = [picture.read(each) for each in paths]
    if len({frame.shape for frame in frames}) > 1:
        sizes = zip(paths, frames, strict=True)
        told = ", ".join(f"{each.name} {frame.shape[1]}x{frame.shape[0]}" for each, frame in sizes)
        raise BadInput(f"the pictures of {path} differ in size: {told}")
    return Triplet(Path(path).resolve().name, before, truth, after)
