"""Which moments are wanted, by arithmetic alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocketlens.core.errors import BadInput
from pocketlens.runtime.timing import Constant, Moment, Multiplied, Timing, parse_rate, storable

TIME_BASES = st.sampled_from([Fraction(1, 1000), Fraction(1, 90000), Fraction(1, 12800), Fraction(1001, 30000)])
GAPS = st.lists(st.integers(1, 400), min_size=1, max_size=30)
RATES = st.fractions(min_value=1, max_value=240, max_denominator=1001)


def moments(timing: Timing, pts: Sequence[int], time_base: Fraction, duration: int) -> Iterator[tuple[int, Moment]]:
    """Index of the input frame before it, and the moment; times as in a video of these frames."""
    unit = int(time_base / timing.tick(time_base))
    for index, (start, stop) in enumerate(pairwise(pts)):
        for moment in timing.between(start * unit, stop * unit, unit):
            yield index, moment
    for moment in timing.last(pts[-1] * unit, duration * unit, unit):
        yield len(pts) - 1, moment


def along(first: int, gaps: Sequence[int]) -> list[int]:
    return [first + sum(gaps[:count]) for count in range(len(gaps) + 1)]


@given(st.integers(-500, 500), GAPS, TIME_BASES, st.sampled_from([2, 3, 4, 8]), st.integers(1, 99))
def test_a_factor_keeps_every_frame_and_divides_every_gap_evenly(first, gaps, time_base, factor, duration):
    timing, pts = Multiplied(factor), along(first, gaps)
    tick = timing.tick(time_base)
    found = [moment for _, moment in moments(timing, pts, time_base, duration)]
    assert [moment.pts * tick for moment in found if moment.given] == [when * time_base for when in pts]
    assert len(found) == factor * len(pts)
    for index, gap in enumerate([*gaps, duration]):
        steps = found[index * factor : (index + 1) * factor + 1]
        assert {late.pts - early.pts for early, late in pairwise(steps)} == {moment.duration for moment in steps[:-1]}
        assert {moment.duration * tick for moment in steps[:factor]} == {gap * time_base / factor}
    assert (found[-1].pts + found[-1].duration) * tick == (pts[-1] + duration) * time_base
    assert timing.rate(Fraction(25)) == 25 * factor


def test_a_last_frame_of_unknown_duration_is_shown_once():
    multiplied = Multiplied(4)
    assert list(multiplied.last(12, 0, 4)) == [Moment(12, 0, given=True)]
    constant = Constant(Fraction(10))
    assert constant.tick(Fraction(1, 100)) == Fraction(1, 100)
    assert [moment.pts for moment in constant.last(5, 0, 1)] == [5]


@given(st.integers(-500, 500), GAPS, TIME_BASES, RATES, st.integers(1, 5000))
@settings(deadline=None)
def test_a_rate_is_constant_from_the_first_frame_to_the_end(first, gaps, time_base, rate, duration):
    timing, pts = Constant(rate), along(first, gaps)
    tick = timing.tick(time_base)
    found = list(moments(timing, pts, time_base, duration))
    times = [moment.pts * tick for _, moment in found]
    assert times == [pts[0] * time_base + index / rate for index in range(len(found))]
    assert {moment.duration * tick for _, moment in found} == {1 / rate}
    lasts = (pts[-1] + duration - pts[0]) * time_base
    assert abs(len(found) / rate - lasts) <= 1 / rate
    for index, moment in found:
        start, stop = pts[index] * time_base, (pts[index + 1 :] or [pts[-1] + duration])[0] * time_base
        near = min(time_base, (stop - start) / 20)
        assert moment.pts * tick <= stop
        if index < len(gaps):
            assert moment.given == (moment.pts * tick <= start + near)


def test_a_moment_that_rounding_moved_off_a_frame_is_the_frames():
    pts = [round(1000 * index / 30) for index in range(31)]
    found = [moment for _, moment in moments(Constant(Fraction(60)), pts, Fraction(1, 1000), 33)]
    assert [moment.given for moment in found[:60]] == [True, False] * 30
    lowered = [index for index, moment in moments(Constant(Fraction(15)), pts, Fraction(1, 1000), 33) if moment.given]
    assert lowered == list(range(0, 31, 2))


def test_a_million_frames_do_not_drift():
    timing, time_base, count = Constant(Fraction(60000, 1001)), Fraction(1, 24000), 1_000_000
    tick = timing.tick(time_base)
    unit, given = int(time_base / tick), 0
    moment = Moment(0, 0, True)
    for index in range(count):
        for moment in timing.between(index * 1001 * unit, (index + 1) * 1001 * unit, unit):
            given += moment.given
    # 24000/1001 to 60000/1001 is 2 to 5: every second input frame is met.
    assert given == count // 2
    assert moment.pts * tick == Fraction(1001, 60000) * (count * 5 // 2 - 1)


def test_beginning_again_starts_at_the_next_first_frame():
    timing = Constant(Fraction(10))
    assert timing.tick(Fraction(1, 100)) == Fraction(1, 100)
    assert [moment.pts for moment in timing.between(0, 25, 1)] == [0, 10, 20]
    timing.restart()
    assert [moment.pts for moment in timing.between(1003, 1025, 1)] == [1003, 1013, 1023]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (60, Fraction(60)),
        ("12.5", Fraction(25, 2)),
        ("60000/1001", Fraction(60000, 1001)),
        (59.94, Fraction(60000, 1001)),
        ("23.976", Fraction(24000, 1001)),
        ("119.88", Fraction(120000, 1001)),
        ("23.98", Fraction(2398, 100)),
        (Fraction(30000, 1001), Fraction(30000, 1001)),
    ],
)
def test_rates_are_read_as_they_are_meant(said: str | float | Fraction, meant: Fraction):
    assert parse_rate(said) == meant


@pytest.mark.parametrize("said", ["fast", "", "0", "-30", "1/0", "nan", "inf", "100000", float("nan")])
def test_what_is_no_rate_is_refused(said: str | float):
    with pytest.raises(BadInput, match="frame rate"):
        parse_rate(said)


def test_time_bases_finer_than_files_take_are_rounded_to_a_twentieth_of_a_microsecond():
    assert storable(Fraction(1, 90000)) == Fraction(1, 90000)
    assert storable(Fraction(1, 10**9)) / 2 <= Fraction(5, 10**8)
