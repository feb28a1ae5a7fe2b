"""A picture between two, through every face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from interpolators import fading_graph, make_interpolator, moving_graph
from pocketlens.core.errors import BadBundle, BadInput, MachineCannot
from pocketlens.core.facts import Sampling
from pocketlens.runtime import Session, interpolate

ENGINE = "onnxruntime"


def opened(folder: Path, x: float = 0, y: float = 0, align: int = 16) -> Session:
    """A session of a network that sees everything move by (x, y)."""
    graphs = {("fp32", "motion"): moving_graph(x, y)}
    return Session.open(make_interpolator(folder / "moving.plens", graphs, align), ENGINE)


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(("t", "moved"), [(0.25, 1), (0.5, 2), (0.75, 3)])
def test_what_moves_evenly_is_found_on_its_way(tmp_path: Path, t: float, moved: int):
    before = picture(20, 36)
    with opened(tmp_path, x=4) as session:
        made = session.between(before, np.roll(before, 4, axis=1), t)
    np.testing.assert_array_equal(made[:, 4:-4], np.roll(before, moved, axis=1)[:, 4:-4])


def test_rows_move_down_where_y_grows(tmp_path: Path):
    before = picture(20, 36)
    with opened(tmp_path, y=2) as session:
        made = session.between(before, np.roll(before, 2, axis=0))
    np.testing.assert_array_equal(made[2:-2], np.roll(before, 1, axis=0)[2:-2])


@given(height=st.integers(1, 40), width=st.integers(1, 40), t=st.floats(0.01, 0.99), align=st.sampled_from([2, 8, 16]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_size_stays_as_it_is_where_nothing_moves(tmp_path: Path, height: int, width: int, t: float, align: int):
    still = picture(height, width, seed=height)
    with opened(tmp_path, align=align) as session:
        np.testing.assert_array_equal(session.between(still, still, t), still)


def test_padding_does_not_bend_motion_at_the_edge(tmp_path: Path):
    before, after = picture(37, 53), picture(37, 53, seed=1)
    made = {}
    for align in (2, 16):
        with opened(tmp_path, x=3, y=-2, align=align) as session:
            made[align] = session.between(before, after, 0.3)
    np.testing.assert_array_equal(made[2], made[16])


def test_fractions_of_pixels_and_shares_are_exact_to_rounding(tmp_path: Path):
    before, after = picture(16, 24), picture(16, 24, seed=1)
    with opened(tmp_path, x=1) as session:
        made = session.between(before, after, 0.25)
    early = 0.75 * before.astype(float) + 0.25 * np.pad(before, ((0, 0), (1, 0), (0, 0)), mode="edge")[:, :-1]
    late = 0.25 * after.astype(float) + 0.75 * np.pad(after, ((0, 0), (0, 1), (0, 0)), mode="edge")[:, 1:]
    assert np.abs(made - (0.75 * early + 0.25 * late)).max() < 0.51


def test_frames_are_fetched_by_the_kernel_that_the_bundle_says(tmp_path: Path):
    """Half a pixel to the side: the mean of two pixels, or of four by Keys' kernel."""
    before = picture(16, 24)
    wide = np.pad(before.astype(float), ((0, 0), (2, 1), (0, 0)), mode="edge")
    taps: dict[Sampling, tuple[float, ...]] = {
        "bilinear": (0, 0.5, 0.5, 0),
        "bicubic": (-0.09375, 0.59375, 0.59375, -0.09375),
    }
    for sampling, weights in taps.items():
        graphs = {("fp32", "motion"): moving_graph(x=1)}
        bundle = make_interpolator(tmp_path / f"{sampling}.plens", graphs, sampling=sampling)
        with Session.open(bundle, ENGINE) as session:
            made = session.between(before, np.roll(before, 1, axis=1), 0.5)
        wanted = sum(weight * wide[:, place : place + 24] for place, weight in enumerate(weights))
        assert np.abs(made[:, 3:-3] - np.clip(wanted, 0, 255)[:, 3:-3]).max() < 0.51


def test_white_stays_white_and_black_black(tmp_path: Path):
    with opened(tmp_path, x=1.3) as session:
        for level in (0, 255):
            flat = np.full((16, 16, 3), level, np.uint8)
            np.testing.assert_array_equal(session.between(flat, flat, 0.37), flat)


def test_a_bundle_without_a_split_graph_runs_its_float_one(tmp_path: Path):
    bundle = make_interpolator(tmp_path / "fading.plens", {("fp32", "float"): fading_graph()})
    before, after = picture(19, 21), picture(19, 21, seed=1)
    with Session.open(bundle, ENGINE) as session:
        made = session.between(before, after, 0.25)
        assert np.abs(made - (0.75 * before + 0.25 * after)).max() < 0.51
        with pytest.raises(BadInput, match="holds no motion graph"):
            session.motion(before, after)
        assert session.formats == ("bgr24",)


def test_motion_is_given_as_arrays_of_the_frames_size(tmp_path: Path):
    with opened(tmp_path, x=4, y=-8) as session:
        first = session.motion(picture(19, 21), picture(19, 21, seed=1), 0.25)
        second = session.motion(picture(19, 21), picture(19, 21, seed=1), 0.75)
    assert first.before.shape == first.after.shape == (2, 19, 21)
    assert first.share.shape == (19, 21)
    assert [flow[:, 5, 5].tolist() for flow in (first.before, first.after)] == [[-1, 2], [3, -6]]
    assert (first.share[5, 5], second.share[5, 5]) == pytest.approx((0.75, 0.25))


def test_motion_in_very_large_frames_is_found_in_smaller_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(interpolate, "_WHOLE_PIXELS", 200)
    before = np.repeat(picture(15, 23), 2, axis=0).repeat(2, axis=1)
    with opened(tmp_path, x=2, align=4) as session:
        motion = session.motion(before, before)
        made = session.between(before, np.roll(before, 8, axis=1))
    # A quarter of the size is seen: two pixels there are eight here, and thirty rows were not a multiple of four.
    assert motion.before[0] == pytest.approx(np.full((30, 46), -1.0 * 46 / 12), abs=1e-4)
    assert made.shape == before.shape


def test_pairs_that_are_none_are_refused(tmp_path: Path):
    good = picture(8, 8)
    with opened(tmp_path) as session:
        for other in (picture(8, 10), picture(10, 8)):
            with pytest.raises(BadInput, match="one size"):
                session.between(good, other)
        for bad in (good[..., :1], good[..., 0], good.astype(np.float32), good[:0]):
            with pytest.raises(BadInput, match="uint8"):
                session.between(good, bad)
        for t in (0, 1, -0.5, 1.5, float("nan")):
            with pytest.raises(BadInput, match="t lies between"):
                session.between(good, good, t)


@pytest.mark.parametrize("size", [(1, 32767), (32767, 1)])
def test_a_side_too_long_to_be_warped_is_refused(tmp_path: Path, size: tuple[int, int]):
    with opened(tmp_path) as session:
        with pytest.raises(BadInput, match="up to 32766 pixels"):
            session.between(picture(*size), picture(*size))
        shorter = tuple(min(side, 32766) for side in size)
        assert session.between(picture(*shorter), picture(*shorter)).shape == (*shorter, 3)


def test_a_motion_map_that_is_no_whole_part_of_the_frame_is_refused(tmp_path: Path):
    with pytest.raises(MachineCannot, match=r"gives .*\(1, 5, 2, 2\).*not .*\(1, 5, 3, 3\)"):
        opened(tmp_path, align=3)


def test_a_graph_that_is_not_what_the_manifest_says_is_not_run(tmp_path: Path):
    bundle = make_interpolator(tmp_path / "wrong.plens", {("fp32", "motion"): fading_graph()})
    with pytest.raises(BadBundle, match=r"outputs are 'between', and its manifest says 'motion'"):
        Session.open(bundle, ENGINE)
