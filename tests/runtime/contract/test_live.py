"""Verdicts on this machine, as it is and with every core busy: of a model as it was recorded, and of a slower one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from contracts import shipped
from pocketlens.core.bundle import Bundle
from pocketlens.core.latency import Recorded
from pocketlens.core.verdict import Verdict
from pocketlens.runtime.choose import Choice
from pocketlens.runtime.contract.measured import fastest
from pocketlens.runtime.contract.speed import record, slow_down
from pocketlens.runtime.engine import Arrays, Program, all_threads

PASS, FAIL, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED
RUNS = 100
SECONDS = 15
"""Of a run at most: what `verify` has for each of two engines."""
BUSY = "while True: sum(range(100_000))"


class Slower:
    """A program that computes for nothing after each run, for a tenth of all that was computed since the last."""

    def __init__(self, program: Program) -> None:
        self._program, self._ended = program, time.process_time()

    def run(self, *words: Any) -> Arrays:
        made = self._program.run(*words)
        end = time.process_time()
        end += 0.1 * (end - self._ended)
        while time.process_time() < end:
            pass
        self._ended = end
        return made

    def close(self) -> None:
        self._program.close()


def slower(choice: Choice) -> Choice:
    load = choice.engine.load
    return replace(choice, engine=replace(choice.engine, load=lambda *words: Slower(load(*words))))


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """So many processes that do nothing but compute."""
    programs = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(cores)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return shipped("sesr-x2")


@pytest.fixture(scope="module")
def recorded(bundle: Bundle) -> Recorded:
    """What is sealed before any load."""
    found = record(bundle, fastest(bundle)[0], 1, 60)
    return Recorded(found.ratio, found.noise)


@pytest.mark.long
@pytest.mark.parametrize("slow", [False, True], ids=["as recorded", "10 % slower"])
@pytest.mark.parametrize("load", [False, True], ids=["as it is", "every core busy"])
def test_wrong_verdicts_are_fewer_than_two_in_a_hundred_and_an_idle_machine_tells(
    bundle: Bundle, recorded: Recorded, load: bool, slow: bool, capsys: pytest.CaptureFixture[str]
):
    choice = fastest(bundle)[0]
    timed = slower(choice) if slow else choice
    with busy(all_threads() if load else 0):
        counts = Counter(slow_down(bundle, timed, 1, recorded, 0.1, SECONDS).verdict for _ in range(RUNS))
    with capsys.disabled():
        machine, model = ("every core busy" if load else "as it is"), ("10 % slower" if slow else "as recorded")
        cells = " | ".join(f"{counts[verdict] / RUNS:.0%}" for verdict in (PASS, FAIL, UNDECIDED))
        print(f"\n| {machine} | {model} | {cells} | noise {recorded.noise:.1%}")
    assert counts[PASS if slow else FAIL] < 0.02 * RUNS
    if not load:
        assert counts[FAIL if slow else PASS] >= (0.98 if slow else 0.95) * RUNS
