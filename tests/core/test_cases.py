"""Pictures to score on, from bundles and from folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle
from contracts import changed, with_pairs, with_pictures
from interpolators import make_interpolator
from pocketlens.core import picture
from pocketlens.core.bundle import Bundle
from pocketlens.core.cases import Case, by_name, clip, digest, from_folder, from_samples
from pocketlens.core.degradation import degraded
from pocketlens.core.errors import BadInput
from pocketlens.core.resize import shrink
from runs import write_photos


@pytest.fixture
def upscaling(tmp_path: Path) -> Bundle:
    return with_pictures(make_bundle(tmp_path / "up.plens", align=2), 2)


@pytest.fixture
def interpolating(tmp_path: Path) -> Bundle:
    return with_pairs(make_interpolator(tmp_path / "between.plens"), 2)


def test_the_samples_of_a_bundle(upscaling: Bundle, interpolating: Bundle):
    for case in from_samples(upscaling):
        np.testing.assert_array_equal(case.frames[0], shrink(case.truth, 2))
    assert [len(case.frames) for case in from_samples(interpolating)] == [2, 2]


def test_photographs_are_cut_and_made_small(upscaling: Bundle, tmp_path: Path):
    folder = write_photos(tmp_path / "photos", count=2, height=35, width=50)
    cases = from_folder(folder, upscaling.manifest)
    assert [(case.truth.shape, case.frames[0].shape) for case in cases] == [((32, 48, 3), (16, 24, 3))] * 2


def test_photographs_are_worn_for_a_model_of_worn_ones(upscaling: Bundle, tmp_path: Path):
    folder = write_photos(tmp_path / "photos", count=2, height=35, width=50)
    clean, worn = (from_folder(folder, changed(upscaling, degradation=kind).manifest) for kind in ("bicubic", "real"))
    for one, other in zip(clean, worn, strict=True):
        np.testing.assert_array_equal(one.truth, other.truth)
        np.testing.assert_array_equal(other.frames[0], degraded(other.truth, 2, "real"))
    assert digest(clean) != digest(worn)


def test_triplets_are_read_in_the_order_of_their_names(interpolating: Bundle, tmp_path: Path):
    for index in range(3):
        picture.write(tmp_path / "one" / f"{index}.png", np.full((16, 16, 3), index, np.uint8))
    (case,) = from_folder(tmp_path, interpolating.manifest)
    assert [frame.mean() for frame in case.frames] == [0, 2] and case.truth.mean() == 1


def test_folders_go_by_their_names_which_differ(tmp_path: Path):
    assert list(by_name([tmp_path / "a", tmp_path / "b"])) == ["a", "b"]
    for taken in ("a", "samples"):
        with pytest.raises(BadInput, match="is taken"):
            by_name([tmp_path / "a", tmp_path / "x" / taken])


def test_the_hash_is_of_the_pixels_alone(upscaling: Bundle):
    one, other = from_samples(upscaling)
    assert digest([one, other]) == digest([one, Case(other.frames, other.truth.copy())])
    brighter = Case(other.frames, np.clip(other.truth.astype(int) + 1, 0, 255).astype(np.uint8))
    assert len({digest([one, other]), digest([other, one]), digest([one]), digest([one, brighter])}) == 4


def test_a_clip_moves_by_a_pixel_from_frame_to_frame(upscaling: Bundle):
    case = from_samples(upscaling)[0]
    frames = clip(case, upscaling.manifest)
    assert len(frames) == 5
    for at, frame in enumerate(frames):
        side = len(frame.truth)
        assert side % 4 == 0
        np.testing.assert_array_equal(frame.truth, case.truth[at : at + side, at : at + side])
        np.testing.assert_array_equal(frame.frames[0], shrink(frame.truth, 2))


def test_a_clip_to_interpolate_leaves_out_every_second_frame(interpolating: Bundle):
    case = from_samples(interpolating)[0]
    first, second = clip(case, interpolating.manifest)
    np.testing.assert_array_equal(first.frames[1], second.frames[0])
    np.testing.assert_array_equal(first.truth[1:, 1:], first.frames[1][:-1, :-1])


def test_a_picture_without_room_for_a_clip_has_none(upscaling: Bundle):
    tiny = np.zeros((4, 4, 3), np.uint8)
    assert clip(Case((shrink(tiny, 2),), tiny), upscaling.manifest) == []
