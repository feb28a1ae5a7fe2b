"""Signals held back until the work is worth keeping."""

from __future__ import annotations

import signal

import pytest
from pocketlens.core.interrupt import Interruptible


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_first_signal_asks_and_a_second_one_interrupts(number: signal.Signals):
    before = signal.getsignal(number)
    with Interruptible() as stop:
        assert not stop.asked
        signal.raise_signal(number)
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_a_first_signal_tells_the_work_to_end():
    told: list[str] = []
    with Interruptible(lambda: told.append("end")), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
        assert told == ["end"]
        signal.raise_signal(signal.SIGINT)
    assert told == ["end"]
