"""A clock that stands still while this process waits for a core that others have."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

_TASKS = Path("/proc/self/task")


def clock_for(threads: int) -> Callable[[], float]:
    """What to time a model on so many threads by.

    Where several compute at once, each may wait for a core while others go on, and only the time of all of them tells.
    """
    return Undisturbed() if threads == 1 else time.perf_counter


class Undisturbed:
    """Seconds since it was made, less those in which threads of this process were ready to run and had no core.

    Time asleep counts: a model that waits for anything but a core is not faster for it. So does at least what was
    computed, however many threads waited at once, and at most the time on the wall, though one that had waited ended.
    Where the system does not tell who waits, all time counts.
    """

    def __init__(self) -> None:
        self._seconds, self._before = 0.0, _now()

    def __call__(self) -> float:
        """What it shows now."""
        now = _now()
        wall, waited, computed = (end - start for end, start in zip(now, self._before, strict=True))
        self._seconds, self._before = self._seconds + min(max(wall - waited, computed), wall), now
        return self._seconds


def _now() -> tuple[float, float, float]:
    """On the wall, waited, computed."""
    return time.perf_counter(), sum(_waited()) / 1e9, time.process_time()


def _waited() -> Iterator[int]:
    """Nanoseconds of each thread, as Linux keeps them (Documentation/scheduler/sched-stats.rst)."""
    for task in _TASKS.iterdir() if _TASKS.is_dir() else ():
        try:
            yield int((task / "schedstat").read_bytes().split()[1])
        except (OSError, IndexError):
            continue  # the thread has ended, or the kernel keeps no such figures
