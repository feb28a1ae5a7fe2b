"""A video through a chain of models: decoding, inference and encoding overlap, and memory stays flat."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import BadInput
from ..core.files import whole
from ..core.progress import progress
from .chain import Chain
from .decode import Facts, Reader
from .encode import Writer, container_for, writing
from .frame import Frame
from .limit import until
from .overlap import ahead, behind
from .show_flow import showing_flow

_DEPTH = 6
"""Frames and packets that may wait between two stages."""


def process_video(
    chain: Chain,
    source: Path,
    target: Path,
    frames: int | None = None,
    seconds: float | None = None,
    show_flow: Path | None = None,
    quiet: bool = False,
) -> list[str]:
    """Write `source` through `chain` to `target`, which appears whole or not at all.

    Sound and subtitles are copied; time stamps, colour tags, pixel shape and rotation are kept.
    `frames` and `seconds` take only the beginning; `show_flow` is a file for the motion of what is
    interpolated. Gives notes on what was damaged, left out or found.
    Raises BadInput for a video that cannot be read or has too few frames, and a kind of file that cannot
    be written.
    """
    container_for(target)
    with writing(target), whole(target) as draft, Reader(source, chain.formats) as reader:
        facts = chain.outcome(reader.facts)
        taken = 0
        with (
            Writer(draft, facts, like=reader) as writer,
            showing_flow(chain, show_flow, facts),
            progress(source.name, _expected(reader.facts, frames, seconds), quiet) as advance,
            ahead(until(reader, frames, seconds), _DEPTH) as items,
            behind(writer.write, _DEPTH) as write,
        ):
            for item in items:
                if not isinstance(item, Frame):
                    write(item)
                    continue
                for made in chain.process(item):
                    write(made)
                taken += bool(item.planes)
                advance()
            if chain.interpolates and taken < 2:
                raise BadInput(f"{source} has one frame to go by, and {chain.name} needs two to put one between")
            for made in chain.flush():
                write(made)
        return reader.notes + chain.clip_notes + writer.notes


def _expected(facts: Facts, frames: int | None, seconds: float | None) -> int | None:
    """How many frames will come, for the progress line."""
    limits = (facts.frames, frames, None if seconds is None else round(seconds * facts.rate))
    return min((limit for limit in limits if limit is not None), default=None)
