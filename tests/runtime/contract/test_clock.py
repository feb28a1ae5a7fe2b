"""Time spent waiting for a core is not the model's."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from pocketlens.runtime.contract import clock


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a process with two threads, at ten seconds on the clock."""
    monkeypatch.setattr(clock, "_TASKS", tmp_path)
    monkeypatch.setattr(clock, "time", SimpleNamespace(perf_counter=lambda: 10.0))
    for number, waited in ((1, 2_500_000_000), (2, 500_000_000)):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "schedstat").write_text(f"7000000000 {waited} 12\n")
    return tmp_path


def test_what_all_threads_waited_is_taken_off(tasks: Path):
    assert clock.undisturbed() == 7.0


def test_a_thread_that_has_ended_and_a_kernel_that_does_not_tell_are_left_out(tasks: Path):
    (tasks / "1" / "schedstat").unlink()
    (tasks / "2" / "schedstat").write_text("")
    assert clock.undisturbed() == 10.0


def test_where_the_system_does_not_tell_all_time_counts(tasks: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clock, "_TASKS", tasks / "absent")
    assert clock.undisturbed() == 10.0


def test_with_several_threads_all_time_counts():
    assert clock.clock_for(1) is clock.undisturbed
    assert clock.clock_for(2) is time.perf_counter
