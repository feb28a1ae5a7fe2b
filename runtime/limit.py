"""Only the beginning of a video."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import av

from .decode import SOUND_LAGS
from .frame import Frame


def until(items: Iterable[Frame | av.Packet], frames: int | None, seconds: float | None) -> Iterator[Frame | av.Packet]:
    """The first `frames` frames and `seconds` seconds of a video, sound and all; None is no limit."""
    if frames is None and seconds is None:
        yield from items
        return
    given, end = 0, float("inf")
    # Sound may come before the frame that tells whether it is still wanted.
    waiting: list[av.Packet] = []
    for item in items:
        if not isinstance(item, Frame):
            waiting.append(item)
            continue
        time = float(item.pts * item.time_base)
        if not given and seconds is not None:
            end = time + seconds
        if given == frames or time >= end:
            end = min(end, time)
            if time > end + SOUND_LAGS:
                break
            continue
        given += 1
        yield from _before(time, waiting)
        yield item
    yield from _before(end, waiting)


def _before(time: float, waiting: list[av.Packet]) -> Iterator[av.Packet]:
    """Take from `waiting` what starts before `time`."""
    due = [p for p in waiting if p.pts is None or float(p.pts * p.time_base) < time]
    waiting[:] = [p for p in waiting if p not in due]
    yield from due
