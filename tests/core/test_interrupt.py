"""Signals held back until the work is worth keeping."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from pocketlens.core.interrupt import Interruptible, interruptibly


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


def test_ctrl_c_is_heard_while_work_is_in_native_code():
    told, ended = threading.Event(), list[bool]()

    def work() -> None:
        time.sleep(0.2)  # until it is waited for
        os.kill(os.getpid(), signal.SIGINT)
        ended.append(told.wait(30))

    with pytest.raises(KeyboardInterrupt):
        interruptibly(work, told.set)
    assert ended == [True], "it was told to end, and waited for"


def test_work_gives_its_result_and_its_errors():
    assert interruptibly(lambda: 3, pytest.fail) == 3
    with pytest.raises(ZeroDivisionError):
        interruptibly(lambda: 1 // 0, pytest.fail)
