"""A camera through models, live: capture in a bounded queue, and a governor that picks the model which keeps up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction

from ..core.errors import BadInput
from .capture import PATIENCE, Capture, Captured, Status
from .chain import Chain
from .frame import BGR, Frame
from .governor import Governor
from .overlap import ahead
from .session import Session


@dataclass
class Counts:
    """What became of the frames; at the end `captured` is `processed` and `dropped` together."""

    captured: int = 0
    processed: int = 0
    dropped: int = 0
    """Never processed, for newer ones had come."""
    late: int = 0
    """Processed, but in more than the budget."""


class Live:
    """A camera through a ladder of open models, the best first; a context manager. Iterating gives frames, once.

    The models run in the thread that iterates, and the camera in one of its own. Frames that wait are at
    most `queue`; where the models are slower, the newest win, or with `keep_all` the camera has to wait, and the
    frames are stamped by when they are fetched. `budget_ms` is for one camera frame, with all that is made of it; by
    default the time to the next one, at the rate that the camera states, or 40 where it states none. `bgr` asks for
    BGR frames, as windows show them, rather than planes; `frames` and `seconds` take only the beginning; `patience`
    and `told` are as for `Capture`, and so is what is raised.
    Raises BadInput, too, for a ladder whose models make different sizes or rates of a frame.
    """

    def __init__(
        self,
        source: str,
        ladder: Sequence[Session | Chain],
        budget_ms: float | None = None,
        keep_all: bool = False,
        queue: int = 1,
        bgr: bool = False,
        frames: int | None = None,
        seconds: float | None = None,
        patience: float = PATIENCE,
        told: Callable[[Status], None] = lambda status: None,
    ) -> None:
        if not ladder or queue < 1 or (budget_ms is not None and budget_ms <= 0):
            raise BadInput("a live stream takes one model or more, a queue of 1 or more, and a budget above 0 ms")
        self._ladder, self._queue, self._keep_all = ladder, queue, keep_all
        self._frames, self._seconds = frames, seconds
        self._counts = Counts()
        self._level, self._connection = 0, 0
        self._last: Frame | None = None
        self._shown = Fraction(-1)
        formats = [name for name in ladder[0].formats if all(name in model.formats for model in ladder)]
        self._capture = Capture(source, (BGR,) if bgr else formats, patience, told)
        self.governor = Governor(budget_ms or float(1000 / self._capture.facts.rate), len(ladder))
        outcomes = [model.outcome(self._capture.facts) for model in ladder]
        self.facts = outcomes[0]
        """Of the frames that come out."""
        if any(outcome != self.facts for outcome in outcomes):
            self.close()
            raise BadInput("the models of a ladder must make the same size and rate of a frame, and these do not")

    @property
    def counts(self) -> Counts:
        """What became of the frames so far."""
        self._counts.captured = self._capture.captured
        return self._counts

    @property
    def status(self) -> Status:
        """How it stands with the camera."""
        return self._capture.status

    @property
    def notes(self) -> list[str]:
        """What the engines and the governor did, what became of the camera and of its frames, a line each."""
        counts, camera = self.counts, []
        engines = dict.fromkeys(note for model in self._ladder for note in model.notes)
        if self._connection:
            camera.append(f"times that the camera was lost and found again: {self._connection}")
        if self.status.state == "ended":
            camera.append(self.status.reason)
        steps = [
            f"frame {step.frame}: model {step.before + 1} took {step.milliseconds:.1f} ms, so model {step.level + 1}"
            for step in self.governor.steps
        ]
        told = f"{counts.captured} captured, {counts.processed} processed, {counts.dropped} dropped, {counts.late} late"
        return [*engines, *steps, *camera, told]

    def __iter__(self) -> Iterator[Frame]:
        source = iter(self._capture)
        for model in self._ladder:
            model.reset()
        try:
            with closing(source), ahead(source, self._queue, newest=not self._keep_all) as items:
                try:
                    for item in self._wanted(items):
                        yield from self._later(self._processed(item))
                    yield from self._later(self._ladder[self._level].flush())
                finally:
                    self._capture.stop()
        finally:
            self._counts.dropped = self.counts.captured - self._counts.processed

    def _wanted(self, items: Iterable[Captured]) -> Iterator[Captured]:
        """The beginning that was asked for."""
        for item in items:
            if self._seconds is not None and item.frame.pts * item.frame.time_base >= self._seconds:
                return
            yield item
            if self._counts.processed == self._frames:
                return

    def _processed(self, item: Captured) -> Iterator[Frame]:
        self._counts.dropped = item.index - self._counts.processed
        if item.connection != self._connection:
            # Nothing is known of what moved while the camera was away.
            self._connection, self._last = item.connection, None
            yield from self._ladder[self._level].flush()
        start = time.perf_counter()
        made = list(self._ladder[self._level].process(item.frame))
        took = 1000 * (time.perf_counter() - start)
        self._counts.processed += 1
        self._counts.late += took > self.governor.budget
        self._last = item.frame
        yield from made
        self._take(self.governor.judge(took))

    def _take(self, level: int) -> None:
        """Go on with the model at `level`."""
        if level == self._level:
            return
        self._ladder[self._level].reset()
        self._level = level
        model = self._ladder[level]
        if model.interpolates and self._last:
            # It begins with the frame that the other one held back, so that no motion is lost.
            list(model.process(self._last))

    def _later(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Those that are shown after all before them: a model that takes over may know a moment already shown."""
        for frame in frames:
            moment = frame.pts * frame.time_base
            if moment > self._shown:
                self._shown = moment
                yield frame

    def stop(self) -> None:
        """As `Capture.stop`: what was taken is finished."""
        self._capture.stop()

    def close(self) -> None:
        """Let go of the camera; the models stay open."""
        self._capture.close()

    def __enter__(self) -> Live:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
