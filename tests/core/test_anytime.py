"""An interval that is looked at again and again."""

import numpy as np
import pytest
from loads import timed
from pocketlens.core.anytime import interval


def ever_missed(seed, error):
    """Whether 150 rounds on a machine that is never idle ever exclude what is true, looked at every fifteen."""
    values = np.log(timed("full", np.random.default_rng(seed), 150) / [0.25, 1]) @ [1, -1]
    intervals = [interval(values[:count], error) for count in range(15, 151, 15)]
    return any(not low <= 0 <= high for low, high in intervals)


def test_looking_often_misses_no_oftener_than_stated():
    assert np.mean([ever_missed(seed, error=0.05) for seed in range(50)]) <= 0.1


def test_more_values_narrow_it():
    values = np.random.default_rng(0).normal(0.1, 0.05, 1000)
    widths = [np.ptp(interval(values[:count])) for count in (50, 200, 1000)]
    assert widths[0] > widths[1] > widths[2]
    assert interval(values) == pytest.approx((0.1, 0.1), abs=0.01)


def test_values_far_out_hardly_move_it():
    values = np.random.default_rng(0).normal(0.1, 0.01, 200)
    values[::10] = 1e3
    assert interval(values) == pytest.approx((0.1, 0.1), abs=0.02)


def test_it_turns_with_the_sign():
    values = np.random.default_rng(0).exponential(1, 60)
    low, high = interval(values)
    assert interval(-values) == (-high, -low)


def test_eight_values_say_nothing():
    assert interval(np.zeros(8)) == (-np.inf, np.inf)
