"""SRC -> a calibration set: choose, crop, encode."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Generic, TypeVar

import numpy as np

from ..core import picture
from ..core.errors import BadInput
from ..core.progress import progress
from ..core.triplet import Triplet
from .calibration_set import CalibrationSet, Item, Manifest, Neighbours, Picture, is_set, read
from .candidates import Source
from .crop import centre
from .pairs import open_pairs
from .sampler import PAIR_RULE, RULE, Look, choose
from .sources import SAMPLE, open_source

T = TypeVar("T")

COUNT = 16
_OFFERED = 4
"""Frames of a clip that are looked at, for each one to be chosen."""


@dataclass(frozen=True)
class Choice(Generic[T]):
    """A candidate that was chosen."""

    look: Look
    why: str
    content: T


def load(src: str, quiet: bool = False, pairs: bool = False) -> CalibrationSet:
    """SRC of `--calib` -> a set: a calibration folder as it stands, else what `make` chooses.

    Raises what `make` and `calibration_set.read` do.
    """
    if src != SAMPLE and is_set(Path(src)):
        return read(Path(src))
    return make(src, quiet=quiet, pairs=pairs)


def make(src: str, count: int = COUNT, quiet: bool = False, pairs: bool = False) -> CalibrationSet:
    """Choose `count` pictures, or pairs, from SRC by the rule of `sampler.choose`; all where there are fewer.

    Pictures are judged and kept as their centre of at most 512x512 pixels. Calibration is then
    quick, and flat pictures stay flat, as they would not if the crop went where the detail is.
    Raises BadInput for a source that is missing, empty or damaged, and MachineCannot for `sample`
    without its packages.
    """
    if count < 1:
        raise BadInput(f"a calibration set needs at least one picture, not {count}")
    frames = count * _OFFERED
    if pairs:
        film = open_pairs(src, frames)
        return _packed(film.name, PAIR_RULE, _choose(film, _look_at_pair, count, quiet), _keep_pair)
    stills = open_source(src, frames)
    return _packed(stills.name, RULE, _choose(stills, _look_at, count, quiet), _keep)


def _look_at(name: str, bgr: np.ndarray) -> Look:
    return Look.of(name, centre(bgr))


def _look_at_pair(name: str, pair: Triplet) -> Look:
    return Look.of_pair(name, centre(pair.before), centre(pair.after))


def _choose(source: Source[T], look: Callable[[str, T], Look], count: int, quiet: bool) -> list[Choice[T]]:
    """The candidates that the rule chooses, in its order."""
    looks = {}
    with progress("measuring pictures", source.total, quiet) as advance:
        for candidate in source.candidates():
            looks[candidate.name] = look(candidate.name, candidate.read())
            advance()
    if not looks:
        raise BadInput(f"no picture of {source.name} could be decoded")
    chosen = choose(list(looks.values()), count)
    read = {one.name: one.read() for one in source.candidates() if one.name in chosen}
    return [Choice(looks[name], why, read[name]) for name, why in chosen.items()]


def _packed(
    source: str, rule: str, chosen: list[Choice[T]], keep: Callable[[_Files, str, Choice[T]], Item]
) -> CalibrationSet:
    """A set of what was chosen from a source."""
    files, items = _Files(), []
    for index, choice in enumerate(chosen):
        stem = re.sub(r"[^A-Za-z0-9-]+", "-", PurePath(choice.look.name).stem)
        items.append(keep(files, f"{index:02d}-{stem}", choice))
    paired = any(item.pair for item in items)
    return CalibrationSet(Manifest(format=2 if paired else 1, source=source, rule=rule, items=items), files)


class _Files(dict[str, bytes]):
    """PNG files by name."""

    def add(self, name: str, bgr: np.ndarray) -> Picture:
        """Keep the centre of a picture."""
        png = picture.encode(centre(bgr))
        self[name] = png
        return Picture(file=name, sha256=hashlib.sha256(png).hexdigest())


def _keep(files: _Files, stem: str, choice: Choice[np.ndarray]) -> Item:
    return _item(files.add(f"{stem}.png", choice.content), choice, None)


def _keep_pair(files: _Files, stem: str, choice: Choice[Triplet]) -> Item:
    pair = choice.content
    first, truth, after = (
        files.add(f"{stem}{end}.png", bgr)
        for end, bgr in (("", pair.before), ("-between", pair.truth), ("-after", pair.after))
    )
    return _item(first, choice, Neighbours(after=after, truth=truth, t=pair.t, motion=choice.look.motion))


def _item(first: Picture, choice: Choice, pair: Neighbours | None) -> Item:
    look = choice.look
    return Item(
        file=first.file, sha256=first.sha256, origin=look.name, why=choice.why, statistics=look.statistics, pair=pair
    )
