"""Which moments of a video are wanted: so many between each two frames, or a constant rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from ..core.errors import BadInput

_FINEST = Fraction(1, 10_000_000)
"""The finest time base that files are written with, in seconds."""
_MOST = 1000
"""Frames a second: players know time to the millisecond."""
_NEAR = 20
"""A wanted moment that is nearer to a frame than this part of the gap may be shown as that frame."""


@dataclass(frozen=True)
class Moment:
    """When a picture is shown, in ticks."""

    pts: int
    duration: int
    given: bool
    """Whether it is the moment of the input frame that it is reckoned from, which needs no making."""


class Timing(Protocol):
    """Gives moments in whole ticks, so that nothing drifts however long a video is."""

    def rate(self, rate: Fraction) -> Fraction:
        """Frames a second that come out, on average, where `rate` go in."""
        ...

    def tick(self, time_base: Fraction) -> Fraction:
        """Seconds in which every moment is whole, for frames that have theirs in `time_base`."""
        ...

    def between(self, start: int, stop: int, unit: int) -> Iterator[Moment]:
        """The moments wanted from the frame at `start` on until that at `stop`, which is left for the next call.

        All in ticks; `unit` of them make one of the input's time base.
        """
        ...

    def last(self, start: int, duration: int, unit: int) -> Iterator[Moment]:
        """The moments at which the last frame is shown, which lasts `duration`: so is the rate kept to the end.

        0 is a duration that is not known.
        """
        ...

    def restart(self) -> None:
        """Begin again with the first frame of another video."""
        ...


@dataclass(frozen=True)
class Multiplied:
    """`factor` - 1 moments evenly between each two frames, however far they are apart."""

    factor: int

    def rate(self, rate: Fraction) -> Fraction:
        """As `Timing.rate`."""
        return rate * self.factor

    def tick(self, time_base: Fraction) -> Fraction:
        """As `Timing.tick`."""
        return time_base / self.factor

    def between(self, start: int, stop: int, unit: int) -> Iterator[Moment]:
        """As `Timing.between`."""
        step = (stop - start) // self.factor
        for index in range(self.factor):
            yield Moment(start + index * step, step, given=index == 0)

    def last(self, start: int, duration: int, unit: int) -> Iterator[Moment]:
        """As `Timing.last`: as often as any other frame, or once."""
        if duration:
            yield from self.between(start, start + duration, unit)
        else:
            yield Moment(start, 0, given=True)

    def restart(self) -> None:
        """As `Timing.restart`."""


class Constant:
    """`per_second` frames a second from the first frame on, whatever the rate of the input."""

    def __init__(self, per_second: Fraction) -> None:
        self._per_second, self._step = per_second, 0
        self._next: int | None = None

    def rate(self, rate: Fraction) -> Fraction:
        """As `Timing.rate`."""
        return self._per_second

    def tick(self, time_base: Fraction) -> Fraction:
        """As `Timing.tick`."""
        step = 1 / self._per_second
        numerator = math.gcd(step.numerator * time_base.denominator, time_base.numerator * step.denominator)
        tick = Fraction(numerator, step.denominator * time_base.denominator)
        self._step = int(step / tick)
        return tick

    def between(self, start: int, stop: int, unit: int) -> Iterator[Moment]:
        """As `Timing.between`; a moment within one `unit` of a frame, and near to it, is the frame's."""
        near = min(unit, (stop - start) // _NEAR)
        yield from self._before(stop - near, start, near)

    def last(self, start: int, duration: int, unit: int) -> Iterator[Moment]:
        """As `Timing.last`: until less than half a step is left."""
        end = (2 * (start + (duration or self._step)) - self._step) // 2 + 1 + min(unit, self._step // _NEAR)
        yield from self._before(end if self._next is not None else max(end, start + 1), start, end - start)

    def _before(self, end: int, start: int, near: int) -> Iterator[Moment]:
        if self._next is None:
            self._next = start
        while self._next < end:
            yield Moment(self._next, self._step, given=self._next <= start + near)
            self._next += self._step

    def restart(self) -> None:
        """As `Timing.restart`."""
        self._next = None


def storable(tick: Fraction) -> Fraction:
    """The time base to write moments with: `tick`, or the finest that files take, within 0.05 microseconds."""
    return max(tick, _FINEST)


def timing_for(factor: int | None, fps: str | float | Fraction | None) -> Timing:
    """The timing that is asked for; twice the rate where nothing is. Raises BadInput for what cannot be."""
    if fps is None:
        if factor is not None and factor < 2:
            raise BadInput(f"a factor of {factor} adds no frames; give 2 or more")
        return Multiplied(factor or 2)
    if factor is not None:
        raise BadInput("give a factor or a frame rate, not both")
    return Constant(parse_rate(fps))


def parse_rate(text: str | float | Fraction) -> Fraction:
    """Frames a second as a user gives them: 60, 12.5, 60000/1001, or 59.94, which means the last.

    Raises BadInput for what is no rate, or not above 0 and at most 1000.
    """
    try:
        rate = Fraction(str(text))
    except (ValueError, ZeroDivisionError) as error:
        raise BadInput(f"'{text}' is no frame rate; give frames a second such as 60, 59.94 or 60000/1001") from error
    if not 0 < rate <= _MOST:
        raise BadInput(f"a frame rate lies above 0 and is at most {_MOST}, not {text}")
    return rate if "/" in str(text) else _broadcast(rate)


def _broadcast(rate: Fraction) -> Fraction:
    """23.976, 29.97 and their like are rounded from a whole rate over 1.001."""
    whole = round(rate * 1001 / 1000)
    meant = Fraction(whole * 1000, 1001)
    return meant if rate.denominator > 1 and abs(rate - meant) < Fraction(1, 2000) else rate
