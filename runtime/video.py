"""A video through a session: decoding, inference and encoding overlap, and memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from av.error import FFmpegError

from ..core.errors import BadInput
from ..core.files import whole
from ..core.progress import progress
from .decode import Facts, Reader, until
from .encode import Writer, container_for
from .frame import Frame
from .overlap import ahead, behind
from .session import Session

_DEPTH = 6
"""Frames and packets that may wait between two stages."""


def process_video(
    session: Session,
    source: Path,
    target: Path,
    frames: int | None = None,
    seconds: float | None = None,
    quiet: bool = False,
) -> list[str]:
    """Write `source` through `session` to `target`, which appears whole or not at all.

    Sound and subtitles are copied; time stamps, colour tags, pixel shape and rotation are kept.
    `frames` and `seconds` take only the beginning. Gives notes on what was damaged or left out.
    Raises BadInput for a video that cannot be read or a kind of file that cannot be written.
    """
    container_for(target)
    with _one_line(target), whole(target) as draft, Reader(source, session.formats) as reader:
        with (
            Writer(draft, reader, session.manifest.scale) as writer,
            progress(source.name, _expected(reader.facts, frames, seconds), quiet) as advance,
            ahead(until(reader, frames, seconds), _DEPTH) as items,
            behind(writer.write, _DEPTH) as write,
        ):
            for item in items:
                if not isinstance(item, Frame):
                    write(item)
                    continue
                for made in session.process(item):
                    write(made)
                advance()
        return reader.notes + writer.notes


def _expected(facts: Facts, frames: int | None, seconds: float | None) -> int | None:
    """How many frames will come, for the progress line."""
    limits = (facts.frames, frames, None if seconds is None else round(seconds * facts.rate))
    return min((limit for limit in limits if limit is not None), default=None)


@contextmanager
def _one_line(target: Path) -> Iterator[None]:
    """FFmpeg's errors of writing as BadInput; those of the disk are OSErrors too, and `whole` knows them."""
    try:
        yield
    except FFmpegError as error:
        raise BadInput(f"cannot write {target}: {error.strerror}") from error
