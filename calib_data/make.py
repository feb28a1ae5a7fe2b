"""SRC -> a calibration set: choose, crop, encode."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePath

import numpy as np

from ..core import picture
from ..core.errors import BadInput
from ..core.progress import progress
from .calibration_set import CalibrationSet, Item, Manifest, is_set, read
from .sampler import RULE, Look, choose
from .sources import SAMPLE, Source, open_source

COUNT = 16
_SIDE = 512
_OFFERED = 4
"""Frames of a clip that are looked at, for each one to be chosen."""


def load(src: str, quiet: bool = False) -> CalibrationSet:
    """SRC of `--calib` -> a set: a calibration folder as it stands, else what `make` chooses.

    Raises what `make` and `calibration_set.read` do.
    """
    if src != SAMPLE and is_set(Path(src)):
        return read(Path(src))
    return make(src, quiet=quiet)


def make(src: str, count: int = COUNT, quiet: bool = False) -> CalibrationSet:
    """Choose `count` pictures from SRC by the rule of `sampler.choose`; all where there are fewer.

    Pictures are judged and kept as their centre of at most 512x512 pixels. Calibration is then
    quick, and flat pictures stay flat, as they would not if the crop went where the detail is.
    Raises BadInput for a source that is missing, empty or damaged, and MachineCannot for `sample`
    without its packages.
    """
    if count < 1:
        raise BadInput(f"a calibration set needs at least one picture, not {count}")
    source = open_source(src, frames=count * _OFFERED)
    looks = _look(source, quiet)
    chosen = choose(looks, count)
    crops = {one.name: centre(one.read()) for one in source.candidates() if one.name in chosen}
    statistics = {look.name: look.statistics for look in looks}
    items, files = [], {}
    for name, why in chosen.items():
        png = picture.encode(crops[name])
        file = f"{len(items):02d}-{re.sub(r'[^A-Za-z0-9-]+', '-', PurePath(name).stem)}.png"
        items.append(
            Item(file=file, sha256=hashlib.sha256(png).hexdigest(), origin=name, why=why, statistics=statistics[name])
        )
        files[file] = png
    return CalibrationSet(Manifest(source=source.name, rule=RULE, items=items), files)


def centre(bgr: np.ndarray) -> np.ndarray:
    """The middle of uint8 (H, W, 3) BGR, at most 512 pixels high and wide."""
    top, left = (max(0, side - _SIDE) // 2 for side in bgr.shape[:2])
    return bgr[top : top + _SIDE, left : left + _SIDE]


def _look(source: Source, quiet: bool) -> list[Look]:
    looks = []
    with progress("measuring pictures", source.total, quiet) as advance:
        for candidate in source.candidates():
            looks.append(Look.of(candidate.name, centre(candidate.read())))
            advance()
    if not looks:
        raise BadInput(f"no picture of {source.name} could be decoded")
    return looks
