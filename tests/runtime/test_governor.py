"""The governor holds the frame rate by its decisions alone: no test here knows of a clock."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from pocketlens.runtime.governor import Governor


def levels(governor: Governor, frames: int, cost: Callable[[int], float]) -> list[int]:
    """The level after each of so many frames that take what `cost` says of the level."""
    return [governor.judge(cost(governor.level)) for _ in range(frames)]


def test_a_ladder_that_keeps_up_is_left_alone():
    governor = Governor(40, 3)
    assert set(levels(governor, 500, lambda level: 39.0)) == {0}
    assert not governor.steps


def test_under_load_it_steps_down_until_the_budget_holds():
    governor = Governor(40, 3)
    found = levels(governor, 20, lambda level: (90.0, 50.0, 25.0)[level])
    assert found[-1] == 2 and found == sorted(found)
    assert [(step.before, step.level, step.milliseconds) for step in governor.steps] == [(0, 1, 90), (1, 2, 50)]


def test_it_never_leaves_the_ladder():
    assert set(levels(Governor(40, 1), 50, lambda level: 400.0)) == {0}
    assert levels(Governor(40, 2), 50, lambda level: 400.0)[-1] == 1


def test_when_the_load_has_gone_it_steps_back_up_to_the_best():
    governor = Governor(40, 3)
    assert levels(governor, 20, lambda level: 100.0)[-1] == 2
    assert levels(governor, 200, lambda level: 10.0)[-1] == 0
    assert [step.level for step in governor.steps] == [1, 2, 1, 0]


def test_one_slow_frame_changes_nothing():
    governor = Governor(40, 2)
    times = [900.0 if frame % 5 == 0 else 20.0 for frame in range(200)]
    assert {governor.judge(time) for time in times} == {0}


def test_between_enough_room_and_the_budget_it_stays_where_it_is():
    governor = Governor(40, 2)
    levels(governor, 10, lambda level: 60.0)
    assert set(levels(governor, 500, lambda level: 30.0)) == {1}


def test_a_step_up_that_does_not_hold_is_tried_ever_less_often():
    governor = Governor(40, 2)
    levels(governor, 3000, lambda level: (60.0, 10.0)[level])
    tries = [step.frame for step in governor.steps if step.level == 0]
    waits = [after - before for before, after in pairwise(tries)]
    assert len(tries) < 10 and all(later > 1.5 * sooner for sooner, later in pairwise(waits[:5]))


def test_a_load_that_comes_and_goes_slowly_is_followed_without_delay():
    governor = Governor(40, 2)
    for _ in range(5):
        assert levels(governor, 10, lambda level: 60.0)[-1] == 1
        assert levels(governor, 60, lambda level: 10.0)[-1] == 0
