"""Is a model as good as when it was sealed, told from a dozen pictures."""

import numpy as np
import pytest
from pocketlens.core.errors import BadInput
from pocketlens.core.paired import interval, judge, judge_these
from pocketlens.core.verdict import Verdict

PASS, FAIL, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED
ALLOWED = {"allowed": 0.05, "allowed_worst": 0.5}


def missed(draw, count, trials):
    """Share of intervals of `count` drawn values that do not hold 0."""
    intervals = [interval(draw(count)) for _ in range(trials)]
    return np.mean([not low <= 0 <= high for low, high in intervals])


@pytest.mark.parametrize("count", [6, 12, 40])
@pytest.mark.parametrize("name", ["normal", "laplace"])
def test_one_interval_in_twenty_misses_the_mean(name, count):
    random = np.random.default_rng(1)
    assert missed(lambda n: getattr(random, name)(size=n), count, 400) == pytest.approx(0.05, abs=0.03)


def test_the_same_outputs_pass_even_where_no_loss_is_allowed():
    assert judge(np.zeros(12), 0, 0).verdict == PASS


def test_what_engines_differ_by_passes():
    assert judge(np.random.default_rng(0).normal(0, 1e-3, 12), 0, 0).verdict == PASS


def test_a_tenth_of_a_decibel_lost_fails():
    lost = np.random.default_rng(0).normal(-0.1, 0.03, 12)
    assert judge(lost, **ALLOWED).verdict == FAIL


def test_a_loss_that_varies_too_much_among_pictures_is_undecided():
    lost = np.tile([-0.35, 0.25], 6)
    assert judge(lost, **ALLOWED).verdict == UNDECIDED


def test_of_these_pictures_and_no_others_the_mean_is_a_fact():
    for mean, verdict in ((-0.04, PASS), (-0.06, FAIL)):
        found = judge_these(np.array([-0.3, 0.3]) + mean, **ALLOWED)
        assert found.verdict == verdict and found.low < -0.05 < found.high


@pytest.mark.parametrize("judged", [judge, judge_these])
def test_one_spoilt_picture_fails_and_is_named(judged):
    lost = np.zeros(12)
    lost[3] = -0.6
    found = judged(lost, **ALLOWED)
    assert found.verdict == FAIL
    assert "picture 4 of 12" in found.why


def test_one_picture_is_judged_by_its_value():
    assert judge(np.array([-0.04]), **ALLOWED).verdict == PASS
    assert judge(np.array([-0.07]), **ALLOWED).verdict == FAIL


@pytest.mark.parametrize("differences", [[], [0.0, np.nan], [np.inf]])
def test_differences_that_are_no_numbers_are_refused(differences):
    with pytest.raises(BadInput, match="finite difference"):
        judge(np.array(differences), **ALLOWED)
