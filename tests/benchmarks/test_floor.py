"""How far a network is from its floors, and where its time goes."""

from __future__ import annotations

import floor
import layers
import numpy as np
import pytest
from pocketlens.runtime.machine import Machine
from pocketlens.runtime.roofline import Layer

MACHINE = Machine({"fp32": 1e9, "int8": 4e9}, bandwidth=1e9)
FOUND = [Layer("busy", "int8", 8e6, 1e6), Layer("wide", "int8", 4e6, 3e6)]


def test_a_row_has_both_floors_and_how_many_times_each_the_median_is():
    row = floor.row(np.array([9.0, 10.0, 11.0]), FOUND, MACHINE)
    assert row["p50_ms"] == 10
    # 2 ms and 1 ms of arithmetic; the second layer's maps take 3 ms.
    assert row["arithmetic_floor_ms"] == pytest.approx(3) and row["times_arithmetic_floor"] == pytest.approx(10 / 3)
    assert row["floor_ms"] == pytest.approx(5) and row["times_floor"] == pytest.approx(2)
    assert row["share_of_bandwidth"] == pytest.approx(0.4)


def test_the_machine_is_taken_at_its_best():
    slower = Machine({"fp32": 2e9, "int8": 3e9}, bandwidth=0.5e9)
    assert floor.most([MACHINE, None, slower]) == Machine({"fp32": 2e9, "int8": 4e9}, bandwidth=1e9)


def test_a_profile_begins_with_what_takes_longest():
    profile = {"small": ("Add", 1.0), "conv": ("Convolution", 3.0)}
    first, second = layers.rows(profile, {"conv": 2.0})
    assert (first["name"], first["share"], first["floor_ms"]) == ("conv", 0.75, 2.0)
    assert (second["name"], second["floor_ms"]) == ("small", None)
