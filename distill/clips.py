"""Videos as sources of triplets: decoded once, scaled down and kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from ..core.errors import BadInput
from ..core.files import cache_home, remove_drafts, sha256, whole
from ..core.progress import progress
from .clip_frames import LONGEST, SHORTEST, SHRINK, count, frames_of
from .soundness import sound_middles

_VERSION = 1
"""Of what is kept; raised when frames are made differently."""
MOST = 4000
"""Frames kept of one clip, at most about 1.4 GB; the rest of a longer one is not used."""


@dataclass(frozen=True)
class Clip:
    """The frames of a video and the triplets among them."""

    name: str
    digest: str
    """Names the frames by the content of the file and how it was scaled."""
    frames: np.ndarray
    """uint8 (F, H, W, 3) BGR, mapped from the disk, read-only."""
    middles: list[tuple[int, int]]
    """(index i, gap g): frames i - g, i and i + g are a sound triplet."""


def open_clip(path: Path, gaps: Sequence[int], quiet: bool = False) -> Clip:
    """Open a video, decoding it unless that was done before; `gaps` as `sound_middles` has them.

    Raises BadInput for a file that is missing, is no video, or holds no frame that can be decoded.
    """
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"no video {path}")
    settings = (_VERSION, MOST, LONGEST, SHRINK, SHORTEST)
    digest = hashlib.sha256(f"{sha256(path)} {settings}".encode()).hexdigest()[:24]
    kept = cache_home() / "clips" / digest
    try:
        frames, facts = _read(kept)
    except (OSError, ValueError, KeyError):
        _keep(path, kept, quiet)
        frames, facts = _read(kept)
    return Clip(path.name, digest, frames, sound_middles(frames, facts["seconds"], facts["runs"], gaps))


def _read(kept: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    with np.load(kept / "facts.npz") as file:
        facts = dict(file)
    frames = np.memmap(kept / "frames.bgr", np.uint8, "r", shape=tuple(facts["shape"]))
    return np.asarray(frames), facts


def _keep(path: Path, kept: Path, quiet: bool) -> None:
    """Decode a video into the folder `kept`, whole or not at all."""
    seconds, runs, shape = [], [], ()
    remove_drafts(kept)
    with whole(kept, folder=True) as draft, progress(f"decoding {path.name}", count(path), quiet) as advance:
        with (draft / "frames.bgr").open("wb") as file:
            for taken in islice(frames_of(path), MOST):
                file.write(taken.bgr.tobytes())
                seconds.append(taken.seconds)
                runs.append(taken.run)
                shape = taken.bgr.shape
                advance()
        if not seconds:
            raise BadInput(f"no frame of {path} can be decoded; it may be cut short or damaged")
        np.savez(draft / "facts.npz", seconds=seconds, runs=runs, shape=(len(seconds), *shape))
