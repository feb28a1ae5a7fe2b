"""Pictures through a chain of models: one, or all in a folder, each for itself or as the frames of a film."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..core import picture
from ..core.errors import BadInput
from ..core.files import whole
from ..core.progress import progress
from .chain import Chain
from .frame import Frame
from .overlap import ahead, behind
from .view import as_frame

_DEPTH = 2
_SECOND = Fraction(1)


def process_picture(chain: Chain, source: Path, target: Path) -> None:
    """Write one picture through `chain`, in the format of `target`'s suffix; BadInput where it interpolates."""
    picture.write(target, chain.upscale(picture.read(source)))


def process_folder(chain: Chain, source: Path, target: Path, quiet: bool = False) -> None:
    """Write every picture of a folder as PNG of the same name; the folder appears whole or not at all.

    Raises BadInput for a folder without pictures, two pictures that would get one name, and a picture
    that cannot be read.
    """
    paths = picture.find(source)
    _refuse_one_name_for_two(paths)
    with _written(target) as give, _read(paths, quiet) as pictures:
        for path, bgr in pictures:
            give(f"{path.stem}.png", chain.upscale(bgr))


def process_film(chain: Chain, source: Path, target: Path, quiet: bool = False) -> list[str]:
    """Write the pictures of a folder, in the order of their names, and those between them as 000001.png and so on.

    The folder appears whole or not at all. Gives notes on what was found.
    Raises BadInput for fewer than two pictures, for sizes that differ, and a picture that cannot be read.
    """
    paths = picture.find(source)
    if len(paths) < 2:
        raise BadInput(f"{source} holds one picture, and {chain.name} needs two to put one between")
    with _written(target) as give, _read(paths, quiet) as pictures:
        for number, made in enumerate(_film(chain, pictures), 1):
            (bgr,) = made.planes
            give(f"{number:06}.png", bgr)
    return chain.clip_notes


def _film(chain: Chain, pictures: Iterator[tuple[Path, np.ndarray]]) -> Iterator[Frame]:
    size: tuple[int, ...] | None = None
    for second, (path, bgr) in enumerate(pictures):
        if bgr.shape != (size := size or bgr.shape):
            raise BadInput(f"{path} is {bgr.shape[1]}x{bgr.shape[0]}, and those before it {size[1]}x{size[0]}")
        yield from chain.process(as_frame(bgr, second, _SECOND))
    yield from chain.flush()


@contextmanager
def _read(paths: list[Path], quiet: bool) -> Iterator[Iterator[tuple[Path, np.ndarray]]]:
    """The pictures, read ahead, with a progress line that follows their use."""
    with (
        progress(paths[0].parent.name, len(paths), quiet) as advance,
        ahead(((path, picture.read(path)) for path in paths), _DEPTH) as pictures,
    ):

        def counted() -> Iterator[tuple[Path, np.ndarray]]:
            for item in pictures:
                yield item
                advance()

        yield counted()


@contextmanager
def _written(target: Path) -> Iterator[Callable[[str, np.ndarray], None]]:
    """Give a function that writes a picture by its name, behind the caller's back, into the folder `target`."""

    def write(made: tuple[Path, np.ndarray]) -> None:
        picture.write(*made)

    with whole(target, folder=True) as draft, behind(write, _DEPTH) as give:
        yield lambda name, bgr: give((draft / name, bgr))


def _refuse_one_name_for_two(paths: list[Path]) -> None:
    seen: dict[str, Path] = {}
    for path in paths:
        other = seen.setdefault(path.stem, path)
        if other is not path:
            raise BadInput(f"{other} and {path.name} would both become {path.stem}.png; rename one")
