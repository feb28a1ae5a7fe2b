"""Two calls that take turns, on a clock that only they move."""

from itertools import groupby, islice

import pytest
from pocketlens.core.turns import rounds


class Machine:
    """Two calls of known length on one machine; one that comes after the other takes a second more."""

    def __init__(self, candidate: float, reference: float) -> None:
        self.now = 0.0
        self.calls: list[str] = []
        self._lasts = {"candidate": candidate, "reference": reference}

    def rounds(self, count: int) -> list[tuple[float, float]]:
        """The first rounds of a run."""
        candidate, reference = (lambda name=name: self._call(name) for name in self._lasts)
        return list(islice(rounds(candidate, reference, turn=0.1, clock=lambda: self.now), count))

    def turns(self) -> list[tuple[str, int]]:
        """Who was called, and how often in a row, after the warm-up."""
        return [(name, len(list(calls))) for name, calls in groupby(self.calls)][2:]

    def _call(self, name: str) -> None:
        cold = self.calls[-1:] != [name]
        self.calls.append(name)
        self.now += self._lasts[name] + cold


def test_cold_calls_are_not_counted():
    assert Machine(0.01, 0.04).rounds(20) == [pytest.approx((0.01, 0.04))] * 20


def test_turns_last_equally_long_however_much_the_calls_differ():
    machine = Machine(0.002, 0.02)
    machine.rounds(40)
    counted = {name: min(calls - 1 for who, calls in machine.turns() if who == name) for name in machine.calls}
    assert counted == {"candidate": 50, "reference": 5}


def test_a_turn_has_three_calls_even_of_a_slow_model():
    machine = Machine(2.0, 1.0)
    machine.rounds(40)
    assert min(calls for _, calls in machine.turns()) == 1 + 3


def test_a_coin_says_who_goes_first():
    machine = Machine(0.05, 0.05)
    machine.rounds(100)
    doubled = sum(calls > 4 for _, calls in machine.turns())
    assert 25 < doubled < 75  # each is where two rounds met in turns of the same model
