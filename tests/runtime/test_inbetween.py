"""What comes out of a clip, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from interpolators import fading_graph, make_interpolator, moving_graph
from pocketlens.core.errors import BadInput
from pocketlens.runtime import Frame, Session
from pocketlens.runtime.frame import BGR
from scenes import moved, scene

SPEED = 4
"""Pixels that things move from frame to frame of `walk`."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-fade: what it makes tells which frames it was made of, and when."""
    graphs = {("fp32", "float"): fading_graph()}
    return make_interpolator(tmp_path_factory.mktemp("fading") / "fading.plens", graphs)


def frame(bgr: np.ndarray, pts: int, duration: int = 0, damaged: bool = False) -> Frame:
    return Frame((bgr,), BGR, pts, duration, Fraction(1, 1000), damaged=damaged)


def lost(pts: int) -> Frame:
    return Frame((), BGR, pts, time_base=Fraction(1, 1000), damaged=True)


def walk(count: int, seed: int = 0, first: int = 0) -> list[np.ndarray]:
    """Steps of one scene."""
    return [moved(scene(seed, 60, 96), SPEED * (first + step)) for step in range(count)]


def clip(pictures: Iterable[np.ndarray], step: int = 40) -> list[Frame]:
    return [frame(bgr, step * index, step) for index, bgr in enumerate(pictures)]


def played(session: Session, frames: Sequence[Frame]) -> list[Frame]:
    made = [made for given in frames for made in session.process(given)]
    return [*made, *session.flush()]


def times(frames: Sequence[Frame]) -> list[Fraction]:
    """Milliseconds at which the frames are shown."""
    return [frame.pts * frame.time_base * 1000 for frame in frames]


def bgr(frame: Frame) -> np.ndarray:
    return frame.planes[0]


def mixed(before: np.ndarray, after: np.ndarray, t: float) -> np.ndarray:
    return np.rint((1 - t) * before.astype(float) + t * after).astype(np.uint8)


def near(first: np.ndarray, second: np.ndarray) -> bool:
    return int(np.abs(first.astype(int) - second.astype(int)).max()) <= 1


def test_given_frames_pass_untouched_and_new_ones_come_between(bundle: Path):
    given = walk(3)
    with Session.open(bundle, factor=4) as session:
        made = played(session, [frame(given[0], 0), frame(given[1], 40), frame(given[2], 100)])
    assert times(made) == [0, 10, 20, 30, 40, 55, 70, 85, 100]
    for index, picture in zip((0, 4, 8), given, strict=True):
        np.testing.assert_array_equal(bgr(made[index]), picture)
    for index, t in ((1, 0.25), (2, 0.5), (3, 0.75)):
        assert near(bgr(made[index]), mixed(given[0], given[1], t))
        assert near(bgr(made[4 + index]), mixed(given[1], given[2], t))


def test_twice_the_rate_is_the_default_and_lasts_as_long(bundle: Path):
    with Session.open(bundle) as session:
        made = played(session, clip(walk(3)))
    assert times(made) == [0, 20, 40, 60, 80, 100]
    assert (made[-1].pts + made[-1].duration) * made[-1].time_base == Fraction(120, 1000)


@pytest.mark.parametrize(("fps", "expected"), [("60", 12), ("10", 2), ("25", 5), ("60000/1001", 12)])
def test_a_rate_makes_an_even_grid(bundle: Path, fps: str, expected: int):
    given = walk(5)
    with Session.open(bundle, fps=fps) as session:
        made = played(session, clip(given))
    assert times(made) == [1000 * index / Fraction(fps) for index in range(expected)]
    for shown in made:
        place = shown.pts * shown.time_base / Fraction(40, 1000)
        index, t = int(place), float(place - int(place))
        after = given[min(index + 1, 4)]
        assert near(bgr(shown), mixed(given[index], after, t) if t > 1e-3 else given[index])


def test_no_frame_waits_longer_than_for_the_next(bundle: Path):
    frames = clip(walk(4))
    with Session.open(bundle) as session:
        counts = [len(list(session.process(given))) for given in frames]
        assert counts == [0, 2, 2, 2]
        assert len(list(session.flush())) == 2


def test_nothing_is_morphed_across_a_cut(bundle: Path):
    given = [*walk(2), *walk(2, seed=9)]
    with Session.open(bundle, factor=4) as session:
        made = played(session, clip(given))
        assert session.clip_notes == ["1 scene cut: the frame before is held"]
    for shown in made[4:8]:
        np.testing.assert_array_equal(bgr(shown), given[1])
    np.testing.assert_array_equal(bgr(made[8]), given[2])


def test_a_cut_is_cross_faded_where_that_is_wanted(tmp_path: Path):
    moving = make_interpolator(tmp_path / "moving.plens", {("fp32", "motion"): moving_graph(SPEED)})
    given = [*walk(1), *walk(1, seed=9)]
    with Session.open(moving, factor=4, cut="blend") as session:
        made = played(session, clip(given))
        assert "cross-faded" in session.clip_notes[0]
    for index, t in ((1, 0.25), (2, 0.5), (3, 0.75)):
        assert near(bgr(made[index]), mixed(given[0], given[1], t))


def test_duplicates_are_replaced_by_the_motion_across_them(bundle: Path):
    """Every third frame of 24 stored twice, as films are for 30 frames a second."""
    first, second, third = walk(3)
    with Session.open(bundle, factor=2) as session:
        made = played(session, clip([first, first, second, third]))
        assert session.clip_notes == ["1 duplicated frame: replaced by the motion around"]
    assert times(made) == [0, 20, 40, 60, 80, 100, 120, 140]
    for index, t in ((1, 0.25), (2, 0.5), (3, 0.75)):
        assert near(bgr(made[index]), mixed(first, second, t))
    np.testing.assert_array_equal(bgr(made[4]), second)


def test_duplicates_with_the_noise_of_compression_are_known_too(bundle: Path):
    first, second = walk(2)
    noise = np.random.default_rng(0).integers(-2, 3, first.shape)
    again = np.clip(first.astype(int) + noise, 0, 255).astype(np.uint8)
    with Session.open(bundle, factor=2) as session:
        made = played(session, clip([first, again, second]))
    assert near(bgr(made[2]), mixed(first, second, 0.5))


def test_a_scene_that_stands_still_is_passed_as_it_is(bundle: Path):
    still, moving = walk(2)
    frames = clip([still] * 9 + [moving])
    with Session.open(bundle, factor=2) as session:
        counts = [len(list(session.process(given))) for given in frames]
        assert session.clip_notes == ["8 duplicated frames: kept, for nothing moves around"]
    # Five frames are held back at the most, and from then on one.
    assert counts == [0, 0, 0, 0, 0, 10, 2, 2, 2, 2]


def test_motion_after_a_still_scene_begins_where_it_began(bundle: Path):
    still, moving = walk(2)
    with Session.open(bundle, factor=2) as session:
        made = played(session, clip([still] * 9 + [moving]))
    for shown in made[:17]:
        np.testing.assert_array_equal(bgr(shown), still)
    assert near(bgr(made[17]), mixed(still, moving, 0.5))


def test_the_duplicates_at_the_end_are_kept(bundle: Path):
    first, second = walk(2)
    with Session.open(bundle, factor=2) as session:
        made = played(session, clip([first, second, second]))
    assert times(made) == [0, 20, 40, 60, 80, 100]
    for shown in made[2:]:
        np.testing.assert_array_equal(bgr(shown), second)


@pytest.mark.parametrize("kind", ["lost", "damaged"])
def test_a_broken_frame_is_bridged_by_the_motion_of_its_neighbours(bundle: Path, kind: str):
    first, _, third = walk(3)
    broken = lost(40) if kind == "lost" else frame(scene(7, 60, 96), 40, damaged=True)
    with Session.open(bundle, factor=2) as session:
        made = played(session, [frame(first, 0), broken, frame(third, 80)])
        assert session.clip_notes == ["1 damaged frame: replaced by the motion around"]
    assert times(made) == [0, 20, 40, 60, 80]
    for index, t in ((1, 0.25), (2, 0.5), (3, 0.75)):
        assert near(bgr(made[index]), mixed(first, third, t))


def test_a_long_loss_is_held_and_the_rest_is_done(bundle: Path):
    first, second = walk(2)
    with Session.open(bundle, factor=2) as session:
        made = played(session, [frame(first, 0), *(lost(40 * index) for index in range(1, 9)), frame(second, 360)])
        assert session.clip_notes == ["8 damaged frames: the one before is held"]
    assert times(made) == [20 * index for index in range(19)]
    for shown in made[:17]:
        np.testing.assert_array_equal(bgr(shown), first)
    np.testing.assert_array_equal(bgr(made[-1]), second)


def test_damage_without_end_is_shown_rather_than_a_frozen_frame(bundle: Path):
    pictures = walk(12)
    frames = [frame(picture, 40 * index, damaged=index > 0) for index, picture in enumerate(pictures)]
    with Session.open(bundle, factor=2) as session:
        made = played(session, frames)
    np.testing.assert_array_equal(bgr(made[-1]), pictures[-1])


def test_a_reset_drops_what_is_held_back(bundle: Path):
    first, second = walk(2)
    with Session.open(bundle, fps=50) as session:
        list(session.process(frame(first, 0)))
        session.reset()
        made = played(session, [frame(second, 1000), frame(first, 1040)])
    assert times(made)[:3] == [1000, 1020, 1040]


def test_another_clip_may_follow_the_end_of_one(bundle: Path):
    first, second = walk(2)
    with Session.open(bundle, fps=50) as session:
        for start in (500, 0):
            made = played(session, [frame(first, start), frame(second, start + 40)])
            assert times(made) == [start, start + 20, start + 40]


def test_frames_that_make_no_clip_are_refused(bundle: Path):
    first, second = walk(2)
    with Session.open(bundle) as session:
        list(session.process(frame(first, 40)))
        with pytest.raises(BadInput, match="order of their time"):
            list(session.process(frame(second, 40)))
        with pytest.raises(BadInput, match="48x60 bgr24 follows one of 96x60 bgr24"):
            list(session.process(frame(np.ascontiguousarray(second[:, :48]), 80)))


def test_made_frames_and_their_motion_can_be_watched(tmp_path: Path):
    moving = make_interpolator(tmp_path / "moving.plens", {("fp32", "motion"): moving_graph(SPEED)})
    told = []
    with Session.open(moving, factor=2) as session:
        session.watch(
            lambda made, motion: told.append((times([made])[0], None if motion is None else motion.after[0, 0, 0]))
        )
        played(session, clip([*walk(2), *walk(1, seed=9)]))
    # Half the way to the next frame; nothing moves across the cut, nor after the last frame.
    assert told == [(20, SPEED / 2), (60, None), (100, None)]


def test_options_that_cannot_be_are_refused(bundle: Path):
    for options, told in [
        ({"factor": 1}, "2 or more"),
        ({"factor": 2, "fps": 60}, "not both"),
        ({"fps": "fast"}, "no frame rate"),
        ({"cut": "morph"}, "unknown cut 'morph'; known: hold, blend"),
        ({"tile": 64}, "it takes none"),
    ]:
        with pytest.raises(BadInput, match=told):
            Session.open(bundle, **options)  # type: ignore[arg-type]


def test_times_finer_than_files_hold_are_rounded_and_do_not_add_up(bundle: Path):
    nanoseconds = Fraction(1, 10**9)
    given = [Frame((picture,), BGR, 33_333_333 * index, 0, nanoseconds) for index, picture in enumerate(walk(4))]
    with Session.open(bundle, factor=3) as session:
        made = played(session, given)
    for index, shown in enumerate(made):
        assert abs(shown.pts * shown.time_base - index * 33_333_333 * nanoseconds / 3) <= Fraction(5, 10**8)
