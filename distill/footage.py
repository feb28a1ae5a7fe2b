"""What a recipe's data names -> filmed triplets, and photos to make moving scenes from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..calib_data.sources import CLIPS, SAMPLE, photograph_files, sample_clip, sample_pictures
from ..core import picture, triplet
from ..core.errors import BadInput
from ..core.progress import progress
from .clips import MOST, Clip, open_clip
from .held import Held

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".ogv", ".y4m"})


@dataclass(frozen=True)
class Filmed(triplet.Triplet):
    """A triplet in memory or mapped from the disk."""

    digest: str = ""
    """Names the three pictures by their content."""

    @property
    def pixels(self) -> int:
        """Of one frame."""
        return self.truth.shape[0] * self.truth.shape[1]


@dataclass(frozen=True)
class Footage:
    """What one source, or several, hold."""

    triplets: list[Filmed]
    """Those of a clip in order of time, clip by clip."""
    photos: list[np.ndarray]
    """uint8 (H, W, 3) BGR."""
    notes: tuple[str, ...] = ()
    """What was found and is not used, or not all of it, and why."""


def open_footage(source: str, gaps: Sequence[int] = (1, 2), quiet: bool = False) -> Footage:
    """A video, a folder of videos, triplets or photos, in any mixture, or `sample`, the packaged ones.

    `gaps` are the frames of a video from the one between to those around it.
    Three pictures and nothing else in a folder are a triplet. Raises BadInput for what is missing or
    holds nothing to train on, and MachineCannot for `sample` without its packages.
    """
    path = Path(source)
    if source == SAMPLE:
        clips = [open_clip(sample_clip(name), gaps, quiet) for name in CLIPS]
        return Footage([each for clip in clips for each in _of_clip(clip)], [bgr for _, bgr in sample_pictures()])
    if path.is_file():
        return _checked(source, _videos([path], gaps, quiet))
    if not path.is_dir():
        raise BadInput(f"no {source}: give a video, a folder of videos, triplets or photos, or '{SAMPLE}'")
    return _checked(source, _folder(path, gaps, quiet))


def footage_files(source: str) -> list[Path]:
    """The files that `open_footage` looks at."""
    if source == SAMPLE:
        return [*map(sample_clip, CLIPS), *photograph_files()]
    path = Path(source)
    if path.is_file():
        return [path]
    triplets = [each for each in path.iterdir() if _is_triplet(each)]
    return [*_videos_in(path), *(file for folder in (path, *triplets) for file in picture.inside(folder))]


def _videos_in(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.suffix.lower() in VIDEO_SUFFIXES and each.is_file())


def _is_triplet(folder: Path) -> bool:
    return folder.is_dir() and len(picture.inside(folder)) == 3


def _folder(folder: Path, gaps: Sequence[int], quiet: bool) -> Footage:
    found, held = _videos(_videos_in(folder), gaps, quiet), Held()
    pictures = picture.inside(folder)
    if len(pictures) == 3 or any(map(_is_triplet, folder.iterdir())):
        found.triplets.extend(_of_folders(triplet.find(folder), held, quiet))
    if len(pictures) != 3:
        found.photos.extend(_photos(pictures, held, quiet))
    return found


def _photos(paths: Sequence[Path], held: Held, quiet: bool) -> Iterator[np.ndarray]:
    with progress("photos", len(paths), quiet) as advance:
        for path in paths:
            yield held.keep(picture.read(path))
            advance()


def _checked(source: str, footage: Footage) -> Footage:
    if footage.triplets or footage.photos:
        return footage
    why = "; ".join(footage.notes) or f"it holds no video, no picture and no triplet ({triplet.WHAT})"
    raise BadInput(f"nothing to train on in {source}: {why}")


def _videos(paths: Sequence[Path], gaps: Sequence[int], quiet: bool) -> Footage:
    """The triplets of videos; one that cannot be used is noted and left out."""
    triplets, notes = [], []
    for path in paths:
        try:
            clip = open_clip(path, gaps, quiet)
        except BadInput as error:
            notes.append(str(error))
            continue
        triplets += _of_clip(clip)
        if len(clip.frames) == MOST:
            notes.append(f"of {path.name} the first {MOST} frames are used")
        if not clip.middles:
            notes.append(f"{path.name} has no three frames that move evenly within one scene")
    return Footage(triplets, [], tuple(notes))


def _of_clip(clip: Clip) -> Iterator[Filmed]:
    for middle, gap in clip.middles:
        before, truth, after = (clip.frames[index] for index in (middle - gap, middle, middle + gap))
        yield Filmed(f"{clip.name}#{middle:04d}+-{gap}", before, truth, after, 0.5, f"{clip.digest}-{middle}-{gap}")


def _of_folders(paths: Sequence[Path], held: Held, quiet: bool) -> Iterator[Filmed]:
    with progress("triplets", len(paths), quiet) as advance:
        for path in paths:
            read = triplet.read(path)
            frames = (read.before, read.truth, read.after)
            content = hashlib.sha256(repr((read.t, read.truth.shape)).encode())
            for frame in frames:
                content.update(frame.tobytes())
            before, truth, after = map(held.keep, frames)
            yield Filmed(read.name, before, truth, after, read.t, content.hexdigest()[:24])
            advance()
