"""Frames pushed into a session and pulled out of it, however many come of each."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from time import monotonic

from .frame import Frame
from .session import Session


class Stream:
    """A bounded queue before a session. A frame is worked on when something is asked for, not when it is pushed.

    A full queue takes no more frames or, if only the newest are kept, drops the one that has waited longest. With a
    `budget`, in seconds, a frame that has waited longer gives way to a newer one.
    """

    def __init__(self, session: Session, depth: int, newest: bool = False, budget: float = math.inf) -> None:
        self._session, self._depth, self._newest, self._budget = session, depth, newest, budget
        self._waiting: deque[tuple[Frame, float]] = deque()
        self.reset()

    def reset(self) -> None:
        """Forget every frame, and what was dropped; the next one begins another clip."""
        self._waiting.clear()
        self._making: Iterator[Frame] | None = None
        self._made: Frame | None = None
        self._closed = self._flushed = False
        self.dropped = 0
        self._session.reset()

    @property
    def waiting(self) -> int:
        """Frames that were pushed and not yet worked on."""
        return len(self._waiting)

    @property
    def takes(self) -> bool:
        """Whether there is room for a frame; after `flush` not before the clip has ended."""
        if self._closed:
            return self.ended
        return self._newest or len(self._waiting) < self._depth

    @property
    def ended(self) -> bool:
        """Whether the clip was flushed and all of it has come out."""
        return self._flushed and self._making is None and self._made is None

    def push(self, frame: Frame) -> None:
        """Take a frame, for which there must be room; the first one after the end begins another clip."""
        self._closed = self._flushed = False
        if len(self._waiting) == self._depth:
            self._drop()
        self._waiting.append((frame, monotonic()))

    def flush(self) -> None:
        """Say that the clip has no more frames, so that what is held back comes out."""
        self._closed = True

    def peek(self) -> Frame | None:
        """The next frame that comes out, made if need be; None where there is none yet, or none any more.

        Raises what `Session.process` raises of a frame, which is then left out.
        """
        while self._made is None and (self._making or self._begin()):
            try:
                self._made = next(self._making, None) if self._making else None
            except BaseException:
                self._making = None
                raise
            if self._made is None:
                self._making = None
        return self._made

    def _begin(self) -> bool:
        """Begin with the next frame that waits, or with the end; False where there is neither."""
        # The last one is late, too, but nothing newer could be shown in its place.
        while len(self._waiting) > 1 and monotonic() - self._waiting[0][1] > self._budget:
            self._drop()
        if self._waiting:
            self._making = self._session.process(self._waiting.popleft()[0])
        elif self._closed and not self._flushed:
            self._flushed, self._making = True, self._session.flush()
        return self._making is not None

    def _drop(self) -> None:
        self._waiting.popleft()
        self.dropped += 1

    def pop(self) -> None:
        """Let go of the frame that `peek` gave."""
        self._made = None
