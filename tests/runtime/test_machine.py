"""What the machine says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from pocketlens.runtime import machine
from pocketlens.runtime.machine import Machine, most


def test_a_processor_goes_by_its_name_and_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    told = "cpu family\t: 6\nmodel\t\t: 143\nmodel name\t: Some   CPU\nstepping\t: 8\nflags\t\t: sse avx2 amx_int8\n\n"
    (tmp_path / "cpuinfo").write_text(told + told.replace("Some", "Other"))
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "cpuinfo")
    assert machine.processor_name() == "Some CPU 6-143-8"
    assert machine.processor_features() == ["avx2", "amx_int8"]


def test_a_system_that_says_nothing_still_has_a_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "absent")
    assert machine.processor_name()
    assert machine.processor_features() == []


def test_the_most_of_a_machine_is_of_whichever_measurement_was_disturbed_less():
    before, after = Machine({"fp32": 3.0, "int8": 8.0}, 5.0), Machine({"fp32": 2.0, "int8": 9.0}, 6.0)
    assert most(before, after) == Machine({"fp32": 3.0, "int8": 9.0}, 6.0)
    assert most(None, None) is None
