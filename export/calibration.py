"""What the quantizer watches a network on, and what it is scored on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..calib_data.crop import centre
from ..calib_data.make import load
from ..core.colour import to_network
from ..core.degradation import degraded
from ..core.errors import BadInput
from ..core.facts import Degradation
from ..core.resize import crop_to_multiple, shrink
from ..core.spec import ModelSpec
from ..core.triplet import Triplet
from .options import SAMPLE

if TYPE_CHECKING:
    from ..core.checkpoint import Checkpoint

_SIDE = 256
"""Pictures are cut to this many pixels a side: more only takes longer."""
_MIDDLE = 128
"""Pixels a side, a multiple of every `align`."""
_MOMENTS = (0.5, 0.25, 0.75, 0.5, 0.125, 0.875)
"""The moments between two frames that ranges are taken for, in turn."""

_FAR = 64
"""Pixels that pictures slide to each side; a multiple of every `align`."""
_DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))

Pair = tuple[np.ndarray, np.ndarray]
Feeds = dict[str, np.ndarray]
"""Input name -> its array, frames as (1, C, H, W) float32 in [0, 1]."""


@dataclass(frozen=True)
class Case:
    """Inputs, and the picture (1, C, H, W) in [0, 1] that should come of them."""

    feeds: Feeds
    truth: np.ndarray


@dataclass(frozen=True)
class Calibration:
    """What int8 takes its ranges from, what its loss is measured on, and where both are from."""

    watched: list[Feeds] = field(default_factory=list)
    scored: list[Case] = field(default_factory=list)
    provenance: dict[str, Any] = field(default_factory=dict)


def open_calibration(src: str, trained: Checkpoint, degradation: Degradation, quiet: bool = False) -> Calibration:
    """SRC of `--calib` for a network: pictures, or, where it interpolates, pairs with the picture between them.

    `degradation` is what it learned from.

    Nothing for a network that has its ranges from training. Raises what `calib_data.make.load` does, and BadInput
    for pictures smaller than the network's `align`, or that are given where none are wanted.
    """
    if trained.ranges and src != SAMPLE:
        raise BadInput("this network has the ranges of int8 from its training; leave --calib out")
    if trained.ranges:
        return Calibration(provenance={"source": "training"})
    spec = trained.spec
    pairs = spec.task == "interpolate"
    chosen = load(src, quiet, pairs)
    made = on_triplets(chosen.triplets(), spec) if pairs else on_pictures(chosen.pictures(), spec, degradation)
    return Calibration(made.watched, made.scored, {"source": Path(src).name, "sha256": chosen.digest})


def on_pictures(pictures: Iterable[np.ndarray], spec: ModelSpec, degradation: Degradation = "bicubic") -> Calibration:
    """uint8 (H, W, 3) BGR: watched as they are, scored on making them again from their half, or third, or quarter.

    Where the network learned from worn ones, these are watched and scored.
    """
    (name,) = spec.inputs
    if degradation == "bicubic":
        inputs = [_input(bgr, spec) for bgr in pictures]
        scored = [_shrunk(name, one, spec) for one in inputs if min(one.shape[2:]) >= spec.scale * spec.align]
    else:
        scored = [_degraded(name, bgr, spec, degradation) for bgr in pictures]
        inputs = [case.feeds[name] for case in scored]
    return Calibration([{name: one} for one in (*inputs, *_flat(inputs[0]))], scored)


def on_triplets(triplets: Iterable[Triplet], spec: ModelSpec) -> Calibration:
    """Watched at various moments, scored at the one whose truth is known."""

    def feeds(pair: Pair, t: float) -> Feeds:
        arrays = (*pair, np.array([t], np.float32))
        return {name: np.ascontiguousarray(array) for name, array in zip(spec.inputs, arrays, strict=True)}

    cases = [(triplet, (_input(triplet.before, spec), _input(triplet.after, spec))) for triplet in triplets]
    pairs = [pair for _, pair in cases]
    watched = [feeds(pair, t) for pair, t in zip(pairs, cycle(_MOMENTS), strict=False)]
    watched += [feeds((flat, flat), float(flat.max())) for flat in _flat(pairs[0][0])]
    watched += [feeds(pair, t) for pair in _slides(pairs, spec.align) for t in (_MOMENTS[-2], _MOMENTS[-1])]
    return Calibration(watched, [Case(feeds(pair, one.t), _input(one.truth, spec)) for one, pair in cases])


def middles_of(watched: Sequence[Feeds]) -> list[Feeds]:
    """Their frames cut to a middle that tells as much of what a network computes, in less memory."""
    return [{name: _middle(array) if array.ndim == 4 else array for name, array in feeds.items()} for feeds in watched]


def _middle(frame: np.ndarray) -> np.ndarray:
    top, left = (max(0, (side - _MIDDLE) // 2) for side in frame.shape[2:])
    return np.ascontiguousarray(frame[:, :, top : top + _MIDDLE, left : left + _MIDDLE])


def _flat(like: np.ndarray) -> list[np.ndarray]:
    """Black and white: few photographs hold them, and a camera's frames do."""
    return [np.full_like(like, level) for level in (0, 1)]


def _slides(pairs: Sequence[Pair], align: int) -> Iterator[Pair]:
    """Pictures that move far to each side: a calm clip must not make the grid too small for a wild one."""
    for (picture, _), (down, right) in zip(cycle(pairs), _DIRECTIONS, strict=False):
        far = min(_FAR, min(picture.shape[2:]) // 2) // align * align
        rows, columns = (_apart(side, step * far) for side, step in zip(picture.shape[2:], (down, right), strict=True))
        yield picture[:, :, rows[0], columns[0]], picture[:, :, rows[1], columns[1]]


def _apart(side: int, step: int) -> tuple[slice, slice]:
    """The two longest parts of a side, the second `step` further than the first."""
    first, second = slice(max(0, -step), side - max(0, step)), slice(max(0, step), side - max(0, -step))
    return first, second


def _input(bgr: np.ndarray, spec: ModelSpec) -> np.ndarray:
    """The middle of a picture, its sides multiples of `align`, as the network takes it."""
    picture = to_network(crop_to_multiple(bgr, spec.align), spec.channels)[None]
    top, left = (max(0, (side - _SIDE) // 2) for side in picture.shape[2:])
    return np.ascontiguousarray(picture[:, :, top : top + _SIDE, left : left + _SIDE])


def _degraded(name: str, bgr: np.ndarray, spec: ModelSpec, degradation: Degradation) -> Case:
    truth = centre(crop_to_multiple(bgr, spec.scale * spec.align), _SIDE * spec.scale)
    lr = degraded(truth, spec.scale, degradation)
    return Case({name: to_network(lr, spec.channels)[None]}, to_network(truth, spec.channels)[None])


def _shrunk(name: str, picture: np.ndarray, spec: ModelSpec) -> Case:
    truth = crop_to_multiple(np.moveaxis(picture[0], 0, -1), spec.scale * spec.align)
    small, large = (np.ascontiguousarray(np.moveaxis(view, -1, 0)) for view in (shrink(truth, spec.scale), truth))
    return Case({name: small[None]}, large[None])
