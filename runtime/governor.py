"""Which model of a ladder to run next, so that the frame rate holds: times in, level out, no clock inside."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median

_SPAN = 5
"""Frames whose median is believed: one slow frame among them is an accident."""
_ROOM = 0.6
"""A better model is tried where this part of the budget would do; between it and the budget nothing changes."""
_CALM = 30
"""Frames in a row with that much room, before the better model is tried."""
_LONGEST = 32 * _CALM
_TOLD = 100
"""Steps that are remembered."""


@dataclass(frozen=True)
class Step:
    """A change of level, and why."""

    frame: int
    """Frames judged until then."""
    before: int
    level: int
    milliseconds: float
    """What a frame took before it."""


class Governor:
    """Steps down a ladder of `levels` models, level 0 the best, where they take longer than `budget` ms, and up again.

    A step up that does not hold is tried again after twice as long, so that a load which stays is not
    asked again and again.
    """

    def __init__(self, budget: float, levels: int) -> None:
        self.budget, self._last = budget, levels - 1
        self.level = 0
        self.steps: deque[Step] = deque(maxlen=_TOLD)
        """What was done, the latest last."""
        self._frames = self._calm = 0
        self._wait, self._tried = _CALM, 0
        self._recent: deque[float] = deque(maxlen=_SPAN)

    def judge(self, milliseconds: float) -> int:
        """The level for the next frame, after one that took so long at the present level."""
        self._frames += 1
        self._recent.append(milliseconds)
        if len(self._recent) < _SPAN:
            return self.level
        typical = median(self._recent)
        self._calm = self._calm + 1 if typical <= _ROOM * self.budget else 0
        if typical > self.budget and self.level < self._last:
            hasty = self._tried and self._frames - self._tried <= _CALM
            self._wait = min(2 * self._wait, _LONGEST) if hasty else _CALM
            self._step(1, typical)
        elif self._calm >= self._wait and self.level > 0:
            self._tried = self._frames
            self._step(-1, typical)
        return self.level

    def _step(self, by: int, milliseconds: float) -> None:
        self.steps.append(Step(self._frames, self.level, self.level + by, milliseconds))
        self.level += by
        self._calm = 0
        self._recent.clear()
