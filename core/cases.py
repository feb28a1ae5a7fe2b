"""What a model is scored on: frames with a known truth, from a bundle's samples or from a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import picture, triplet
from .bundle import Bundle
from .contract import MOST_PICTURES
from .degradation import degraded
from .errors import BadInput
from .manifest import Manifest, PairSample
from .resize import crop_to_multiple, shrink
from .triplet import Triplet

SAMPLES = "samples"
"""The name that the pictures in a bundle go by."""
_STEPS = 4
"""Frames of a clip but the first; each is a pixel further."""
_SIDE = 128
"""Pixels a side that a clip has at most: flicker is everywhere alike."""


@dataclass(frozen=True)
class Case:
    """What goes in, and what should come out; uint8 (H, W, 3) BGR."""

    frames: tuple[np.ndarray, ...]
    """One to upscale, two to interpolate."""
    truth: np.ndarray
    t: float = 0.5


def from_samples(bundle: Bundle) -> list[Case]:
    """The pictures that a bundle holds."""

    def decoded(name: str) -> np.ndarray:
        return picture.decode(bundle.files[name], name)

    cases = []
    for sample in bundle.manifest.samples:
        pair = isinstance(sample, PairSample)
        names = (sample.before, sample.after) if pair else (sample.input,)
        cases.append(Case(tuple(map(decoded, names)), decoded(sample.truth), sample.t if pair else 0.5))
    return cases


def by_name(folders: Sequence[Path]) -> dict[str, Path]:
    """Folders by the names that scores on what they hold go by. Raises BadInput for two of one name."""
    named: dict[str, Path] = {}
    for folder in folders:
        name = folder.resolve().name
        if name in {SAMPLES, *named}:
            raise BadInput(f"scores go by the name of their folder, and '{name}' is taken; rename {folder}")
        named[name] = folder
    return named


def from_folder(folder: Path, facts: Manifest) -> list[Case]:
    """HR pictures to upscale, degraded as the model's own were, or triplets to interpolate, the first in name order.

    Raises BadInput for a folder that holds none, and for a picture that is too small.
    """
    if facts.task == "upscale":
        return [_from_file(path, facts) for path in picture.find(folder)[:MOST_PICTURES]]
    return from_triplets(triplet.read(path) for path in triplet.find(folder)[:MOST_PICTURES])


def _from_file(path: Path, facts: Manifest) -> Case:
    bgr = picture.read(path)
    try:
        return _made_small(bgr, facts)
    except BadInput as error:
        raise BadInput(f"{path}: {error}; leave it out") from error


def from_pictures(pictures: Iterable[np.ndarray], facts: Manifest) -> list[Case]:
    """HR pictures made small as the model's own were. Raises BadInput for one that is too small for that."""
    return [_made_small(bgr, facts) for bgr in pictures]


def from_triplets(triplets: Iterable[Triplet]) -> list[Case]:
    """Two frames and the true one between them."""
    return [Case((one.before, one.after), one.truth, one.t) for one in triplets]


def digest(cases: Sequence[Case]) -> str:
    """The sha256 of all their pixels."""
    made = hashlib.sha256()
    for case in cases:
        for bgr in (*case.frames, case.truth):
            made.update(repr(bgr.shape).encode() + bgr.tobytes())
    return made.hexdigest()


def clip(case: Case, facts: Manifest) -> list[Case]:
    """A pan over its truth, a pixel down and right from frame to frame; empty where there is no room for one.

    To interpolate, every second frame is the one between its neighbours. To upscale, frames are clean, whatever the
    model is for: each worn anew, they would flicker by themselves.
    """
    room, multiple = min(*case.truth.shape[:2]) - _STEPS, facts.scale * facts.align
    side = min(room, _SIDE) // multiple * multiple
    if side < 1:
        return []
    seen = [np.ascontiguousarray(case.truth[at : at + side, at : at + side]) for at in range(_STEPS + 1)]
    if facts.task == "upscale":
        return [Case((shrink(truth, facts.scale),), truth) for truth in seen]
    return [Case((before, after), truth) for before, truth, after in zip(seen, seen[1:], seen[2:], strict=False)][::2]


def _made_small(bgr: np.ndarray, facts: Manifest) -> Case:
    truth = crop_to_multiple(bgr, facts.scale * facts.align)
    return Case((degraded(truth, facts.scale, facts.degradation),), truth)
