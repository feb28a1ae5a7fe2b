"""The learning rate as a function of the step."""

from __future__ import annotations

import pytest
from pocketlens.distill.recipe import Optimiser
from pocketlens.distill.schedule import learning_rate

SETTINGS = Optimiser(lr=1e-3, final_lr=1e-5, warmup=10)


def test_it_warms_up_and_then_falls_along_a_cosine():
    rates = [learning_rate(step, 110, SETTINGS) for step in range(111)]
    assert rates[0] == pytest.approx(1e-4)
    assert rates[9] == rates[10] == pytest.approx(1e-3)
    assert rates[60] == pytest.approx((1e-3 + 1e-5) / 2)
    assert rates[110] == pytest.approx(1e-5)
    assert rates[:10] == sorted(rates[:10]) and rates[10:] == sorted(rates[10:], reverse=True)


def test_without_warm_up_it_starts_at_the_top():
    assert learning_rate(0, 100, Optimiser(lr=1e-3)) == 1e-3


def test_a_run_shorter_than_its_warm_up_only_rises():
    assert [learning_rate(step, 5, SETTINGS) for step in range(5)] == pytest.approx([1e-4, 2e-4, 3e-4, 4e-4, 5e-4])
