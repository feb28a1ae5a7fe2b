"""Is a model as fast as when it was sealed, told on machines that do other things as well."""

from collections import Counter

import numpy as np
import pytest
from loads import LOADS, recorded, resampled, timed
from pocketlens.core.latency import Recorded, judge, judge_in_time, sealed
from pocketlens.core.verdict import Verdict

PASS, FAIL, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED
SEALED = Recorded(ratio=4, noise=0.01)
SLOWER = 1.1


def verdicts(draw, runs, recorded=SEALED):
    """How often each verdict is reached on `draw(random)`, and the rounds it took."""
    counts, rounds = Counter(), []
    for seed in range(runs):
        taken: list[tuple[float, float]] = []
        pairs = (taken.append(pair) or pair for pair in draw(np.random.default_rng(seed)))
        counts[judge_in_time(pairs, recorded, lambda: False).verdict] += 1
        rounds.append(len(taken))
    return counts, np.array(rounds)


@pytest.mark.parametrize("load", LOADS)
def test_a_model_as_fast_as_sealed_never_fails_whatever_the_load(load):
    assert verdicts(lambda random: timed(load, random, 300), 10)[0][FAIL] == 0


@pytest.mark.parametrize("load", ["idle", "drifting"])
def test_a_model_a_tenth_slower_fails_within_rounds(load):
    assert verdicts(lambda random: timed(load, random, 400, SLOWER), 10)[0][FAIL] == 10


@pytest.mark.parametrize("load", ["bursts", "full"])
def test_a_model_a_tenth_slower_hardly_passes_on_a_busy_machine(load):
    assert verdicts(lambda random: timed(load, random, 300, SLOWER), 10)[0][PASS] == 0


def test_a_real_machine_with_both_cores_busy_raises_no_alarm():
    busy = recorded("busy")
    counts, _ = verdicts(lambda random: resampled(busy, random, 300), 10, sealed(recorded("calm")))
    assert counts[FAIL] == 0


def test_a_planted_slow_down_is_caught_on_a_real_machine_with_both_cores_busy():
    slow = recorded("slow")
    counts, _ = verdicts(lambda random: resampled(slow, random, 600), 10, sealed(recorded("calm")))
    assert counts[FAIL] >= 9


def never():
    """Rounds that must not be timed, for they could decide nothing."""
    raise AssertionError("a round was timed")
    yield 1.0, 1.0


def test_without_a_sealed_ratio_nothing_is_decided():
    found = judge_in_time(never(), None, lambda: False)
    assert found.verdict == UNDECIDED
    assert "no ratio was sealed" in found.why


def test_a_ratio_sealed_on_a_noisy_machine_decides_nothing():
    found = judge_in_time(never(), Recorded(4, noise=0.12), lambda: False)
    assert found.verdict == UNDECIDED
    assert "quieter machine" in found.why


def test_the_slow_down_and_its_interval_are_told():
    found = judge(timed("idle", np.random.default_rng(0), 200, 1.2), SEALED)
    assert found.low < 0.2 < found.high
    assert found.value == pytest.approx(0.2, abs=0.01)


def test_time_that_is_up_ends_it_undecided():
    counted = iter(range(100))
    pairs = timed("full", np.random.default_rng(0), 100)
    assert judge_in_time(pairs, SEALED, lambda: next(counted) == 20).verdict == UNDECIDED
    assert next(counted) == 21


def test_the_sealed_noise_covers_what_opening_anew_changes():
    openings = [timed("idle", np.random.default_rng(seed), 200, slowness) for seed, slowness in enumerate((1, 1.04))]
    found = sealed(openings)
    assert found.ratio == pytest.approx(4 / 1.02, rel=0.01)
    assert found.noise == pytest.approx(0.04, abs=0.01)


def drawn(machine, slowness):
    """What draws 1500 rounds on a machine: at 0.1 s a turn some six minutes."""
    if machine != "recorded":
        return lambda random: timed(machine, random, 1500, slowness)
    busy = recorded("busy")
    return lambda random: resampled(busy, random, 1500) * [slowness, 1]


@pytest.mark.long
@pytest.mark.parametrize("slowness", [1.0, SLOWER])
@pytest.mark.parametrize("machine", [*LOADS, "recorded"])
def test_wrong_verdicts_are_fewer_than_two_in_a_hundred_and_a_quiet_machine_tells(machine, slowness, capsys):
    runs, ratio = 150, sealed(recorded("calm")) if machine == "recorded" else SEALED
    counts, rounds = verdicts(drawn(machine, slowness), runs, ratio)
    with capsys.disabled():
        cells = [f"{counts[verdict] / runs:.1%}" for verdict in (PASS, FAIL, UNDECIDED)]
        print(f"\n| {machine} | {slowness - 1:.0%} | {' | '.join(cells)} | {np.median(rounds):.0f} |")
    assert counts[FAIL if slowness == 1 else PASS] < 0.02 * runs
    if machine in ("idle", "drifting"):
        assert counts[PASS if slowness == 1 else FAIL] >= (0.95 if slowness == 1 else 0.98) * runs
