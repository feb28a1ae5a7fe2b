"""Ctrl-C and SIGTERM held back until the work under way is in a state worth keeping."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


class Interruptible:
    """Within this block a first SIGINT or SIGTERM only sets `asked`, and calls `then`; a second one interrupts at once.

    `then` may break in anywhere, so it must not wait for a lock. Signals reach the main thread
    alone, so in another thread the block does nothing.
    """

    _SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.asked, self._then = False, then

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        self._then()

    def __enter__(self) -> Interruptible:
        main = threading.current_thread() is threading.main_thread()
        self._before = {number: signal.signal(number, self._ask) for number in self._SIGNALS} if main else {}
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def interruptibly(work: Callable[[], T], stop: Callable[[], None]) -> T:
    """Do `work` in a thread of its own, so that Ctrl-C is heard while it is in native code.

    On Ctrl-C `stop` is called, which must make `work` end soon; then KeyboardInterrupt goes on.
    """
    with ThreadPoolExecutor(1) as pool:
        try:
            return pool.submit(work).result()
        except KeyboardInterrupt:
            stop()
            raise
