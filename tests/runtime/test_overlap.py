"""Stages that run side by side end together, whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from pocketlens.runtime.overlap import ahead, behind


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def test_everything_arrives_in_order():
    got: list[int] = []
    with ahead(range(500), 3) as numbers, behind(got.append, 3) as give:
        for number in numbers:
            give(number)
    assert got == list(range(500))


def test_the_source_stays_within_its_depth():
    made: list[int] = []

    def source() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    with ahead(source(), 4) as numbers:
        next(numbers)
        time.sleep(0.1)
        assert len(made) == 6  # one used, four waiting, one in the hand


def test_where_only_the_newest_are_wanted_the_source_does_not_wait():
    done = threading.Event()

    def source() -> Iterator[int]:
        yield from range(100)
        done.set()

    with ahead(source(), 3, newest=True) as numbers:
        assert done.wait(30)
        assert list(numbers) == [97, 98, 99]


def test_an_error_in_the_source_comes_up_after_what_came_before_it():
    def source() -> Iterator[int]:
        yield from (1, 2)
        raise ValueError("broken")

    got = []
    with pytest.raises(ValueError, match="broken"), ahead(source(), 5) as numbers:
        got.extend(numbers)
    assert got == [1, 2]


def test_leaving_early_stops_an_endless_source():
    def endless() -> Iterator[int]:
        while True:
            yield 0

    with ahead(endless(), 2) as numbers:
        next(numbers)


def test_an_error_in_the_sink_stops_the_giver():
    def sink(_number: int) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), behind(sink, 2) as give:
        for number in range(1000):
            give(number)


def test_an_error_at_the_very_last_item_is_not_lost():
    def sink(_number: int) -> None:
        time.sleep(0.05)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), behind(sink, 2) as give:
        give(1)


def test_an_error_outside_drops_what_waits():
    done: list[int] = []

    def sink(number: int) -> None:
        time.sleep(0.02)
        done.append(number)

    with pytest.raises(KeyboardInterrupt), behind(sink, 50) as give:
        for number in range(50):
            give(number)
        raise KeyboardInterrupt
    assert len(done) < 10
