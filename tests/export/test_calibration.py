"""What the quantizer sees of pairs, and of worn pictures."""

from __future__ import annotations

import numpy as np
import pytest
from moving import slid
from pocketlens.core.catalog import NETWORKS
from pocketlens.core.colour import to_network
from pocketlens.core.degradation import degraded
from pocketlens.core.errors import BadInput
from pocketlens.core.triplet import Triplet
from pocketlens.export.calibration import Calibration, on_pictures, on_triplets
from scenes import scene

IFNET = NETWORKS.get("ifnet_lite")
SPEC = IFNET.spec(IFNET.options())


def triplets(count: int, height: int = 90, width: int = 300) -> list[Triplet]:
    made = []
    for seed in range(count):
        before, after = slid(height, width, 4, seed=seed)
        made.append(Triplet(str(seed), before, np.roll(after, -2, 1), after, t=0.4))
    return made


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return on_triplets(triplets(6), SPEC)


def test_inputs_are_what_the_network_takes(calibration: Calibration):
    for feeds in (*calibration.watched, *(case.feeds for case in calibration.scored)):
        assert tuple(feeds) == SPEC.inputs and feeds["t"].shape == (1,)
        assert feeds["before"].shape == feeds["after"].shape
        assert all(side % SPEC.align == 0 and side <= 256 for side in feeds["before"].shape[2:])
        assert all(array.dtype == np.float32 and array.flags["C_CONTIGUOUS"] for array in feeds.values())


def test_many_moments_are_watched_and_the_known_one_is_scored(calibration: Calibration):
    moments = {float(feeds["t"][0]) for feeds in calibration.watched}
    assert {0.0, 0.25, 0.5, 0.75, 1.0} < moments and len(moments) >= 7
    assert {float(case.feeds["t"][0]) for case in calibration.scored} == {np.float32(0.4)}
    assert len(calibration.scored) == 6
    assert all(case.truth.shape == case.feeds["before"].shape for case in calibration.scored)


def test_black_and_white_and_far_slides_to_each_side_join_every_set():
    watched = on_triplets(triplets(1, 256, 256), SPEC).watched[1:]
    levels = {float(feeds["before"].max()) for feeds in watched if not np.ptp(feeds["before"])}
    assert levels == {0.0, 1.0}
    slides = [feeds for feeds in watched if np.ptp(feeds["before"])]
    ways = set()
    for feeds in slides:
        early, late = feeds["before"], feeds["after"]
        for down, right in ((0, 64), (0, -64), (64, 0), (-64, 0)):
            height, width = early.shape[2:]
            kept = late[:, :, max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
            where = early[:, :, max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)]
            if np.array_equal(where, kept):
                ways.add((down, right))
    assert len(ways) == 4


def test_frames_smaller_than_the_network_takes_are_refused():
    with pytest.raises(BadInput, match="sides must be 16 or more"):
        on_triplets(triplets(1, 15, 64), SPEC)


def test_small_frames_slide_as_far_as_they_can():
    for height, width in ((16, 16), (32, 48)):
        for feeds in on_triplets(triplets(1, height, width), SPEC).watched:
            assert all(side >= SPEC.align and side % SPEC.align == 0 for side in feeds["before"].shape[2:])


def test_worn_pictures_are_watched_and_scored_where_the_network_learned_from_such():
    sesr = NETWORKS.get("sesr")
    spec = sesr.spec(sesr.options(scale=2))
    pictures = [scene(seed)[:95, :90] for seed in range(3)]
    made = on_pictures(pictures, spec, "real")
    for bgr, case, feeds in zip(pictures, made.scored, made.watched, strict=False):
        truth = bgr[:94]
        lr = to_network(degraded(truth, 2, "real"), 1)[None]
        np.testing.assert_array_equal(feeds["frame"], lr)
        np.testing.assert_array_equal(case.feeds["frame"], lr)
        np.testing.assert_array_equal(case.truth, to_network(truth, 1)[None])
    assert [float(np.ptp(feeds["frame"])) for feeds in made.watched[3:]] == [0, 0], "black and white"
