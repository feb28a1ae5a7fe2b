"""A camera through a chain of models into a video file, until a limit, Ctrl-C, or the camera's end."""

from __future__ import annotations

from pathlib import Path

from ..core.files import whole
from ..core.interrupt import Interruptible
from ..core.progress import progress
from .camera import Live
from .capture import PATIENCE, shown
from .chain import Chain
from .encode import Writer, container_for, writing
from .overlap import behind
from .show_flow import showing_flow

_DEPTH = 8
"""Frames that may wait before the models and before the coder; a recording is in no hurry, and must not lose any."""


def record_camera(
    chain: Chain,
    source: str,
    target: Path,
    frames: int | None = None,
    seconds: float | None = None,
    show_flow: Path | None = None,
    quiet: bool = False,
) -> list[str]:
    """Write what the camera `source` sees through `chain` to `target`, which appears whole or not at all.

    Frames are shown when they came, and the newest win where the models are slower. `frames` and
    `seconds` end it; without them Ctrl-C does. Gives notes on what became of the frames.
    Raises BadInput for a camera that cannot be reached and a kind of file that cannot be written, MachineCannot
    for a device that is not here, and KeyboardInterrupt, the file kept, where a limit was cut short.
    """
    container_for(target)
    with (
        Live(source, [chain], queue=_DEPTH, frames=frames, seconds=seconds, patience=PATIENCE) as live,
        Interruptible(live.stop) as user,
    ):
        with (
            writing(target),
            whole(target) as draft,
            Writer(draft, live.facts) as writer,
            showing_flow(chain, show_flow, live.facts),
            progress(shown(source), frames, quiet) as advance,
            behind(writer.write, _DEPTH) as write,
        ):
            done = 0
            for made in live:
                write(made)
                advance(live.counts.processed - done, note=live.status.state)
                done = live.counts.processed
        if user.asked and (frames, seconds) != (None, None):
            raise KeyboardInterrupt(f"interrupted; what had come is in {target}")
        return live.notes + chain.clip_notes + writer.notes
