"""Pictures through a session: one, or all in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..core import picture
from ..core.errors import BadInput
from ..core.files import whole
from ..core.progress import progress
from .overlap import ahead, behind
from .session import Session

_DEPTH = 2


def process_picture(session: Session, source: Path, target: Path) -> None:
    """Write one picture through `session`, in the format of `target`'s suffix."""
    picture.write(target, session.upscale(picture.read(source)))


def process_folder(session: Session, source: Path, target: Path, quiet: bool = False) -> None:
    """Write every picture of a folder as PNG of the same name; the folder appears whole or not at all.

    Raises BadInput for a folder without pictures, two pictures that would get one name, and a picture
    that cannot be read.
    """
    paths = picture.find(source)
    _refuse_one_name_for_two(paths)

    def read() -> Iterator[tuple[str, np.ndarray]]:
        for path in paths:
            yield f"{path.stem}.png", picture.read(path)

    def write(made: tuple[Path, np.ndarray]) -> None:
        picture.write(*made)

    with (
        whole(target, folder=True) as draft,
        progress(source.name, len(paths), quiet) as advance,
        ahead(read(), _DEPTH) as pictures,
        behind(write, _DEPTH) as give,
    ):
        for name, bgr in pictures:
            give((draft / name, session.upscale(bgr)))
            advance()


def _refuse_one_name_for_two(paths: list[Path]) -> None:
    seen: dict[str, Path] = {}
    for path in paths:
        other = seen.setdefault(path.stem, path)
        if other is not path:
            raise BadInput(f"{other} and {path.name} would both become {path.stem}.png; rename one")
