"""What is measured of pictures, and of models in parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle, nearest_graph
from contracts import changed, with_pairs, with_pictures
from interpolators import fading_graph, make_interpolator
from pocketlens.core.bundle import Bundle
from pocketlens.core.cases import Case, from_samples
from pocketlens.core.contract import MEASURES
from pocketlens.core.errors import BadInput
from pocketlens.runtime import Session
from pocketlens.runtime.contract.scores import gains, scores
from pocketlens.runtime.contract.soundness import soundness


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return with_pictures(make_bundle(tmp_path / "a.plens", channels=3, graphs={"fp32": nearest_graph(3)}), 3)


def flat(level: int, truth: int) -> Case:
    return Case((np.full((24, 24, 3), level, np.uint8),), np.full((48, 48, 3), truth, np.uint8))


def test_a_flat_picture_that_is_too_bright_is_only_that(bundle: Bundle):
    with Session.open(bundle) as session:
        found = scores(session, [flat(100, 97)])
    assert found["brightness"] == [3]
    assert found["checkerboard"] == found["banding"] == [0]


def test_a_perfect_picture_has_a_score_that_can_be_compared(bundle: Bundle):
    with Session.open(bundle) as session:
        assert scores(session, [flat(100, 100)])["psnr"] == [60]


def test_every_picture_has_every_measure(bundle: Bundle, tmp_path: Path):
    fading = make_interpolator(tmp_path / "b.plens", {("fp32", "float"): fading_graph()})
    for each in (bundle, with_pairs(fading, 3)):
        with Session.open(each) as session:
            found = scores(session, from_samples(each))
        assert {measure: len(values) for measure, values in found.items()} == dict.fromkeys(MEASURES, 3)
        assert all(value > 0 for value in found["flicker"])


def test_a_truth_of_another_size_is_refused(bundle: Bundle):
    with Session.open(bundle) as session, pytest.raises(BadInput, match="48x48 and 40x48"):
        scores(session, [Case((np.zeros((24, 24, 3), np.uint8),), np.zeros((48, 40, 3), np.uint8))])


def test_better_is_more_for_decibels_less_for_errors_and_the_same_for_brightness():
    assert gains("psnr", [31.0], [30.0]) == [1]
    assert gains("flicker", [2.0], [1.0]) == [-1]
    assert list(gains("brightness", [1.0, 0.0], [0.0, 1.0])) == [-1, -1]


def test_another_model_may_come_nearer_to_the_truth_and_next_to_it_counts_no_more():
    assert list(gains("brightness", [1.0, 0.0], [0.0, 1.0], same=False)) == [-1, 1]
    assert list(gains("psnr", [55.0, 49.0, 30.0], [57.0, 52.0, 31.0], same=False)) == [0, -1, -1]
    assert list(gains("psnr", [55.0], [57.0])) == [-2]


def test_a_reach_that_is_too_short_shows_in_tiles(tmp_path: Path):
    good = with_pictures(make_bundle(tmp_path / "a.plens", reach=3), 2)
    for reach, seen in ((3, False), (0, True)):
        made = changed(good, reach=reach)
        with Session.open(made) as session:
            found = soundness(made, session, from_samples(made), 1)
        assert found.tiled is not None and (found.tiled > 1) == seen


def test_an_interpolator_is_never_tiled_and_repeats_a_still_frame(tmp_path: Path):
    still = with_pairs(make_interpolator(tmp_path / "b.plens"), 2)
    with Session.open(still) as session:
        found = soundness(still, session, from_samples(still), 1)
    assert found.tiled is None and found.odd_sizes == pytest.approx(0, abs=0.01)
