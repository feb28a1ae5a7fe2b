"""Calls in turns: who is timed, how often, and what is told of it."""

from __future__ import annotations

import numpy as np
import pytest
from interleaved import in_turns, medians, noise, percentiles, turn_of


class Told:
    """A contender that takes a given time, by its own word, and keeps how often it was asked."""

    def __init__(self, milliseconds: float) -> None:
        self.milliseconds, self.turns = milliseconds, []

    def __call__(self, count: int) -> list[float]:
        self.turns.append(count)
        return [1e6, *[self.milliseconds] * (count - 1)]


def test_a_turn_lasts_a_tenth_of_a_second_and_its_first_call_is_not_counted():
    fast, slow = Told(10), Told(400)
    found = in_turns({"fast": fast, "slow": slow}, rounds=3)
    assert found["fast"].shape == (3, 10) and found["slow"].shape == (3, 1)
    assert set(found["fast"].ravel()) == {10} and set(found["slow"].ravel()) == {400}
    assert fast.turns[1:] == [11] * 3 and slow.turns[1:] == [2] * 3


def test_everyone_begins_a_round_in_its_turn():
    order = []

    def contender(name: str):
        return lambda count: order.append(name) or [60.0] * count

    in_turns({name: contender(name) for name in "abc"}, rounds=3)
    assert "".join(order[3:]) == "abcbcacab"


def test_a_function_is_called_as_often_as_it_is_told():
    calls = []
    assert len(turn_of(lambda: calls.append(1))(5)) == 5
    assert len(calls) == 5
    assert set(medians({"nothing": lambda: None}, rounds=2)) == {"nothing"}


def test_percentiles_are_of_all_calls():
    found = percentiles(np.arange(101.0).reshape(1, -1))
    assert found == {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99}


def test_noise_is_what_two_series_of_one_call_differ_by():
    assert noise(np.array([[2.0, 2.0]]), np.array([[2.1, 2.1]])) == pytest.approx(0.05)
    assert noise(np.array([[2.0]]), np.array([[1.9]])) == pytest.approx(0.05)
