"""Stages that run side by side, joined by bounded queues."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class _Lane(Generic[T]):
    """A bounded queue with one thread at each end; either may end it, and the other learns of it."""

    def __init__(self, depth: int, newest: bool = False) -> None:
        self._items: deque[T] = deque(maxlen=depth if newest else None)
        self._depth, self._newest, self._changed = depth, newest, threading.Condition()
        self._ended = self._abandoned = False
        self.error: BaseException | None = None

    def put(self, item: T) -> bool:
        """Wait for room, or make it where only the newest are wanted; False when nobody wants the item any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest or len(self._items) < self._depth or self._abandoned)
            if not self._abandoned:
                self._items.append(item)
                self._changed.notify_all()
            return not self._abandoned

    def end(self) -> None:
        """Nothing more will be put."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def abandon(self, error: BaseException | None = None) -> None:
        """Nothing more will be taken, because of `error` where there is one."""
        with self._changed:
            self._abandoned, self.error = True, error
            self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._ended or self._abandoned)
                if not self._items:
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item


@contextmanager
def ahead(source: Iterable[T], depth: int, newest: bool = False) -> Iterator[Iterator[T]]:
    """Run `source` in a thread, at most `depth` items ahead of the loop over what this yields.

    With `newest` it never waits: where the loop is slower, the oldest items are dropped.
    An error in `source` comes up in that loop; leaving the block stops the thread and waits for it.
    """
    lane: _Lane[T] = _Lane(depth, newest)

    def produce() -> None:
        try:
            for item in source:
                if not lane.put(item):
                    return
        except BaseException as error:
            lane.error = error
        finally:
            lane.end()

    def items() -> Iterator[T]:
        yield from lane
        if lane.error:
            raise lane.error

    thread = threading.Thread(target=produce, name="ahead", daemon=True)
    thread.start()
    try:
        yield items()
    finally:
        lane.abandon(lane.error)
        thread.join()


@contextmanager
def behind(sink: Callable[[T], None], depth: int) -> Iterator[Callable[[T], None]]:
    """Run `sink` in a thread, at most `depth` items behind the calls of what this yields.

    An error in `sink` comes up in the next call, or on leaving the block, which waits until all is
    done; leaving it by an error drops what still waits.
    """
    lane: _Lane[T] = _Lane(depth)

    def consume() -> None:
        try:
            for item in lane:
                sink(item)
        except BaseException as error:
            lane.abandon(error)

    def give(item: T) -> None:
        if not lane.put(item) and lane.error:
            raise lane.error

    thread = threading.Thread(target=consume, name="behind", daemon=True)
    thread.start()
    try:
        yield give
    except BaseException:
        lane.abandon(lane.error)
        raise
    finally:
        lane.end()
        thread.join()
    if lane.error:
        raise lane.error
