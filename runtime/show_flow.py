"""The motion that an interpolator goes by, as a picture or a video in colours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..core import picture
from ..core.files import whole
from ..core.flow_picture import flow_picture
from .chain import Chain
from .decode import Facts
from .encode import Writer, writing
from .frame import BGR, Colour, Frame, Layout
from .warp import Motion

_BT709 = Colour(1, 1, 1, 1)
_FULL_COLOUR = 20
"""In a video, motion of this part of the longer side has a full colour, so that colours compare from frame to frame."""


@contextmanager
def showing_flow(chain: Chain, target: Path | None, facts: Facts) -> Iterator[None]:
    """Show in `target` the motion by which `chain` makes frames in this block; None shows nothing.

    A picture shows the moment at which most moves. A video has a frame for each that is made, white where it
    repeats another. The flow is that from the earlier frame to the later one, where things are at that moment.
    `facts` are those of the video that `chain` makes.
    The file appears whole or not at all. Raises BadInput for a chain that knows no motion.
    """
    if target is None:
        yield
        return
    with writing(target), whole(target) as draft, ExitStack() as opened:
        sink = _Picture() if picture.is_picture(target) else _Video(draft, facts.rate, opened)
        chain.watch(sink)
        yield
        if sink.blank:
            sink(Frame((np.zeros((facts.height, facts.width, 3), np.uint8),), BGR, time_base=facts.time_base), None)
        sink.finish(draft)


class _Picture:
    """Keeps the motion with the greatest mean length."""

    def __init__(self) -> None:
        self._flow, self._length = np.empty((2, 0, 0), np.float32), -1.0

    def __call__(self, frame: Frame, motion: Motion | None) -> None:
        flow = _flow(frame, motion)
        length = float(np.hypot(flow[0], flow[1]).mean())
        if length > self._length:
            self._flow, self._length = flow, length

    @property
    def blank(self) -> bool:
        """Whether there was nothing to show."""
        return not self._flow.size

    def finish(self, path: Path) -> None:
        picture.write(path, flow_picture(self._flow))


class _Video:
    """Writes a frame for each that is made; its size is known with the first."""

    def __init__(self, path: Path, rate: Fraction, opened: ExitStack) -> None:
        self._path, self._rate, self._opened = path, rate, opened
        self._writer: Writer | None = None

    def __call__(self, frame: Frame, motion: Motion | None) -> None:
        if self._writer is None:
            self._writer = self._opened.enter_context(Writer(self._path, self._facts(frame)))
        bgr = flow_picture(_flow(frame, motion), max(frame.size) / _FULL_COLOUR)
        self._writer.write(replace(frame, planes=(bgr,), format=BGR, colour=_BT709))

    def _facts(self, frame: Frame) -> Facts:
        height, width = frame.size
        return Facts(height, width, BGR, Layout(8, 2, 2), _BT709, self._rate, frame.time_base, None, None, None)

    @property
    def blank(self) -> bool:
        """As of a picture."""
        return self._writer is None

    def finish(self, path: Path) -> None:
        """The file is finished as the block is left."""


def _flow(frame: Frame, motion: Motion | None) -> np.ndarray:
    """(2, H, W): the way of each pixel from the earlier frame to the later one."""
    return np.zeros((2, *frame.size), np.float32) if motion is None else motion.after - motion.before
