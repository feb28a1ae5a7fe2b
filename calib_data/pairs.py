"""SRC turned into pairs of frames whose middle is known: from film, from triplets, and from stills set in motion."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from ..core import picture, triplet
from ..core.errors import BadInput
from ..core.scene import is_cut, is_still
from ..core.triplet import Triplet
from .calibration_set import is_set, read
from .candidates import Candidate, Source
from .clip import open_film
from .crop import SIDE, centre
from .moved import MOST, moved
from .sources import CLIPS, SAMPLE, open_photographs, open_source, sample_clip


def open_pairs(src: str, frames: int) -> Source[Triplet]:
    """What `sources.open_source` takes, and a folder of triplets -> pairs with their middle.

    Of a clip, three frames in a row, at most `frames` times, none from two scenes or a scene at rest; of
    pictures, each set in motion. Raises what `open_source` does.
    """
    path = Path(src)
    if src == SAMPLE:
        return _open_sample(frames)
    if path.is_dir() and is_set(path):
        return _open_set(path)
    if path.is_dir() and _holds_triplets(path):
        return _open_triplets(path)
    if path.is_file():
        return _lively(open_film(path, frames))
    return _in_motion(open_source(src, frames))


def _holds_triplets(folder: Path) -> bool:
    """Whether its pictures are in sub-folders, or are three."""
    return len(picture.inside(folder)) in (0, 3)


def _open_triplets(folder: Path) -> Source[Triplet]:
    paths = triplet.find(folder)

    def candidates() -> Iterator[Candidate[Triplet]]:
        return (Candidate(path.name, partial(triplet.read, path)) for path in paths)

    return Source(folder.resolve().name, len(paths), candidates)


def _open_set(folder: Path) -> Source[Triplet]:
    kept = read(folder).triplets()
    return Source(folder.resolve().name, len(kept), lambda: (Candidate(one.name, lambda one=one: one) for one in kept))


def _open_sample(frames: int) -> Source[Triplet]:
    clips = [_lively(open_film(sample_clip(name), frames // len(CLIPS))) for name in CLIPS]
    parts = [_in_motion(open_photographs()), *clips]
    return Source(
        SAMPLE, sum(part.total for part in parts), lambda: chain.from_iterable(part.candidates() for part in parts)
    )


def _in_motion(stills: Source[np.ndarray]) -> Source[Triplet]:
    """Each picture moved, no more of it than is needed."""

    def set_in_motion(still: Candidate[np.ndarray]) -> Triplet:
        return moved(still.name, centre(still.read(), SIDE + MOST))

    def candidates() -> Iterator[Candidate[Triplet]]:
        return (Candidate(still.name, partial(set_in_motion, still)) for still in stills.candidates())

    return Source(stills.name, stills.total, candidates)


def _lively(film: Source[Triplet]) -> Source[Triplet]:
    """Only those in which something moves and nothing is cut; a pass raises BadInput where there are none."""

    def candidates() -> Iterator[Candidate[Triplet]]:
        found = 0
        for candidate in film.candidates():
            one = candidate.read()
            if all(_moves(*pair) for pair in ((one.before, one.truth), (one.truth, one.after))):
                found += 1
                yield Candidate(candidate.name, lambda one=one: one)
        if not found:
            raise BadInput(f"nothing moves in {film.name}, or it is cut at every frame; give a clip with motion")

    return Source(film.name, film.total, candidates)


def _moves(before: np.ndarray, after: np.ndarray) -> bool:
    return not is_cut(before, after) and not is_still(before, after)
