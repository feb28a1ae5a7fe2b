"""Time spent waiting for a core is not the model's."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from pocketlens.runtime.contract import clock


class Machine:
    """A process with two threads on a machine whose clocks only the tests move; all in seconds."""

    def __init__(self, tasks: Path) -> None:
        self.wall, self.computed, self._tasks = 10.0, 1.0, tasks
        for number in (1, 2):
            self.waits(number, 0)

    def waits(self, number: int, seconds: float) -> None:
        """What a thread has waited in all."""
        (self._tasks / str(number)).mkdir(exist_ok=True)
        (self._tasks / str(number) / "schedstat").write_text(f"7000000000 {round(seconds * 1e9)} 12\n")

    def ends(self, number: int) -> None:
        (self._tasks / str(number) / "schedstat").unlink()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setattr(clock, "_TASKS", tmp_path)
    times = {"perf_counter": lambda: made.wall, "process_time": lambda: made.computed}
    monkeypatch.setattr(clock, "time", SimpleNamespace(**times))
    return made


def test_what_all_threads_waited_is_taken_off(machine: Machine):
    shows = clock.Undisturbed()
    machine.wall = 15.0
    machine.waits(1, 2.5)
    machine.waits(2, 0.5)
    assert shows() == 2.0
    machine.wall = 16.0
    assert shows() == 3.0


def test_what_was_computed_counts_though_several_waited_at_once(machine: Machine):
    shows = clock.Undisturbed()
    machine.wall, machine.computed = 15.0, 2.5
    machine.waits(1, 3.0)
    machine.waits(2, 3.0)
    assert shows() == 1.5


def test_no_more_counts_than_has_passed_though_one_that_waited_ended(machine: Machine):
    machine.waits(1, 8.0)
    shows = clock.Undisturbed()
    machine.wall = 11.0
    machine.ends(1)
    assert shows() == 1.0


def test_where_the_system_does_not_tell_all_time_counts(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clock, "_TASKS", Path("absent"))
    shows = clock.Undisturbed()
    machine.wall = 15.0
    assert shows() == 5.0


def test_a_kernel_that_keeps_no_figures_counts_all_time(machine: Machine):
    machine.ends(1)
    machine.ends(2)
    shows = clock.Undisturbed()
    machine.wall = 15.0
    assert shows() == 5.0


def test_with_several_threads_all_time_counts():
    assert isinstance(clock.clock_for(1), clock.Undisturbed)
    assert clock.clock_for(2) is time.perf_counter
