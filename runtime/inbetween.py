"""Frames in, frames at other moments out: pairs, scene cuts, duplicates and damaged frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Literal, get_args

import cv2

from ..core.errors import BadInput
from ..core.scene import is_cut, is_still
from .frame import Frame
from .interpolate import Interpolator
from .timing import Moment, Timing, storable
from .view import View
from .warp import Motion

Cut = Literal["hold", "blend"]
"""What is shown between two scenes: the frame before the cut, or a cross-fade."""
HOLD: Cut = "hold"
_HELD_BACK = 4
"""Frames that may repeat one, or be damaged, and still be replaced by the motion across all of them; more of them
are a scene that stands still, or a gap too wide to bridge."""

Watch = Callable[[Frame, Motion | None], None]
"""Told of each frame that is made, and of the motion that made it; None of a frame that repeats another."""


@dataclass(frozen=True, eq=False)
class _Slot:
    """A place in time of the input, in ticks, and the frame to show there if it is to be shown as it is."""

    pts: int
    view: View
    repeats: bool = False
    """Whether it repeats the frame before; else, behind the first slot, it stands for a damaged one."""


def check_cut(cut: str | None) -> Cut:
    """The policy of that name, `hold` by default. Raises BadInput for any other."""
    if cut not in (None, *get_args(Cut)):
        raise BadInput(f"unknown cut '{cut}'; known: {', '.join(get_args(Cut))}")
    return "blend" if cut == "blend" else HOLD


class Inbetween:
    """One clip at a time through an interpolator.

    A frame is held until the next one that differs has come. Frames between the two that repeat the first, or are
    damaged, are replaced by pictures of the motion from one to the other; across a cut nothing moves.
    """

    def __init__(self, interpolator: Interpolator, timing: Timing, cut: Cut = HOLD) -> None:
        self._interpolator, self._timing, self._cut = interpolator, timing, cut
        self._empty = interpolator.memory.empty
        self.watch: Watch | None = None
        self.reset()

    def reset(self) -> None:
        """Forget the frames so far; the next one begins another clip."""
        self._timing.restart()
        self._slots: list[_Slot] = []
        self._tick = self._base = Fraction(1)
        self._unit, self._duration, self._damaged, self._resting = 1, 0, 0, False
        self._cuts = 0
        self._replaced: Counter[bool] = Counter()
        self._kept: Counter[bool] = Counter()

    def push(self, frame: Frame) -> Iterator[Frame]:
        """The frames that are certain now. Raises BadInput for one that is not later, or of another size or format."""
        if not self._slots:
            if frame.planes:
                self._begin(frame)
            return
        pts = self._pts_of(frame)
        self._duration = frame.duration * self._unit
        self._damaged = self._damaged + 1 if frame.damaged else 0
        if frame.damaged and (self._damaged <= _HELD_BACK or not frame.planes):
            yield from self._wait(_Slot(pts, self._slots[-1].view))
            return
        view = self._interpolator.view(frame)
        if is_still(self._slots[0].view.bgr, view.bgr, self._empty):
            yield from self._wait(_Slot(pts, view, repeats=True))
        else:
            yield from self._cross(_Slot(pts, view))

    def flush(self) -> Iterator[Frame]:
        """The frames that were waiting for another; the last is shown for its own duration. Then as `reset`."""
        if self._slots:
            yield from self._stand()
            (last,) = self._slots
            for moment in self._timing.last(last.pts, self._duration, self._unit):
                yield self._shown(last.view.frame, moment)
        self._slots = []
        self._timing.restart()

    def _begin(self, frame: Frame) -> None:
        self._tick = self._timing.tick(frame.time_base)
        self._base, self._unit = storable(self._tick), round(frame.time_base / self._tick)
        self._duration = frame.duration * self._unit
        self._slots = [_Slot(frame.pts * self._unit, self._interpolator.view(frame))]

    def _pts_of(self, frame: Frame) -> int:
        first = self._slots[0].view.frame
        if frame.planes and (frame.format, frame.size) != (first.format, first.size):
            told = (f"{f.size[1]}x{f.size[0]} {f.format}" for f in (frame, first))
            raise BadInput(f"a frame of {' follows one of '.join(told)}; frames of one clip are alike")
        pts = round(frame.pts * frame.time_base / self._tick)
        if pts <= self._slots[-1].pts:
            raise BadInput(f"frames must come in the order of their time: pts {frame.pts} is not later")
        return pts

    def _wait(self, slot: _Slot) -> Iterator[Frame]:
        """Hold a frame back that shows nothing new, or too many of them no longer."""
        self._slots.append(slot)
        if self._resting or len(self._slots) > _HELD_BACK + 1:
            self._resting = True
            yield from self._stand()

    def _stand(self) -> Iterator[Frame]:
        """Show what waits as it is; the last of it waits on."""
        for slot, following in pairwise(self._slots):
            for moment in self._timing.between(slot.pts, following.pts, self._unit):
                yield self._shown(slot.view.frame, moment)
        self._kept.update(slot.repeats for slot in self._slots[1:])
        del self._slots[:-1]

    def _cross(self, stop: _Slot) -> Iterator[Frame]:
        """Show what waits and what lies between it and the first frame that differs."""
        first = self._slots[0]
        cut = is_cut(first.view.bgr, stop.view.bgr, self._empty)
        self._cuts += cut
        (self._kept if cut else self._replaced).update(slot.repeats for slot in self._slots[1:])
        for slot, following in pairwise([*self._slots, stop]):
            for moment in self._timing.between(slot.pts, following.pts, self._unit):
                if (moment.given and slot is first) or (cut and self._cut == HOLD):
                    yield self._shown(slot.view.frame, moment)
                else:
                    yield self._made(first, stop, moment, cut)
        self._slots, self._resting = [stop], False

    def _made(self, first: _Slot, stop: _Slot, moment: Moment, cut: bool) -> Frame:
        t = (moment.pts - first.pts) / (stop.pts - first.pts)
        before, after, motion = first.view, stop.view, None
        if cut:
            pairs = zip(before.frame.planes, after.frame.planes, strict=True)
            planes = tuple(cv2.addWeighted(early, 1 - t, late, t, 0) for early, late in pairs)
        elif self.watch:
            motion = self._interpolator.motion(before, after, t)
            planes = self._interpolator.compose(before, after, motion)
        else:
            planes = self._interpolator.between(before, after, t)
        made = self._at(moment, replace(before.frame, planes=planes))
        if self.watch:
            self.watch(made, motion)
        return made

    def _shown(self, frame: Frame, moment: Moment) -> Frame:
        shown = self._at(moment, frame)
        if self.watch and not moment.given:
            self.watch(shown, None)
        return shown

    def _at(self, moment: Moment, frame: Frame) -> Frame:
        coarser = self._tick / self._base
        pts, end = round(moment.pts * coarser), round((moment.pts + moment.duration) * coarser)
        return replace(frame, pts=pts, duration=end - pts, time_base=self._base)

    @property
    def notes(self) -> list[str]:
        """What was found in the frames since `reset`."""
        found = [
            (
                self._cuts,
                "scene cut",
                "the frame before is held" if self._cut == HOLD else "the scenes are cross-faded",
            ),
            (self._replaced[True], "duplicated frame", "replaced by the motion around"),
            (self._kept[True], "duplicated frame", "kept, for nothing moves around"),
            (self._replaced[False], "damaged frame", "replaced by the motion around"),
            (self._kept[False], "damaged frame", "the one before is held"),
        ]
        return [f"{count} {what}{'s' if count > 1 else ''}: {done}" for count, what, done in found if count]
