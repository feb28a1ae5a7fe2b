"""Triplets on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pocketlens.core import picture, triplet
from pocketlens.core.errors import BadInput


def write(folder: Path, names: str = "abc", width: int = 12) -> Path:
    """One picture a letter, the first one black and each next one a grey level lighter."""
    folder.mkdir(parents=True)
    for level, name in enumerate(names):
        picture.write(folder / f"{name}.png", np.full((8, width, 3), level, np.uint8))
    return folder


def test_the_middle_picture_in_name_order_is_the_truth(tmp_path: Path):
    read = triplet.read(write(tmp_path / "clip", "cab"))
    assert (read.name, read.t) == ("clip", 0.5)
    assert [int(frame.max()) for frame in (read.before, read.truth, read.after)] == [1, 2, 0]
    assert {frame.shape for frame in (read.before, read.truth, read.after)} == {(8, 12, 3)}


def test_sub_folders_of_three_pictures_are_found_by_name(tmp_path: Path):
    for name, pictures in {"b": "abc", "a": "xyz", "two": "ab", "four": "abcd", "none": ""}.items():
        write(tmp_path / name, pictures)
    (tmp_path / "b" / "notes.txt").write_text("")
    (tmp_path / "notes.txt").write_text("")
    assert [path.name for path in triplet.find(tmp_path)] == ["a", "b"]


def test_a_folder_that_is_a_triplet_is_found_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(write(tmp_path / "clip"))
    (found,) = triplet.find(Path())
    assert triplet.read(found).name == "clip"


def test_a_folder_without_triplets_is_told_what_one_is(tmp_path: Path):
    with pytest.raises(BadInput, match=r"no triplets in .*the middle one is the truth"):
        triplet.find(write(tmp_path / "photos", "abcd"))
    with pytest.raises(BadInput, match="no folder"):
        triplet.find(tmp_path / "absent")


def test_other_than_three_pictures_are_refused(tmp_path: Path):
    with pytest.raises(BadInput, match=r"holds 2 pictures; a triplet is"):
        triplet.read(write(tmp_path / "clip", "ab"))


def test_pictures_of_different_size_are_refused_by_name(tmp_path: Path):
    folder = write(tmp_path / "clip")
    picture.write(folder / "b.png", np.zeros((8, 14, 3), np.uint8))
    with pytest.raises(BadInput, match=r"differ in size: a.png 12x8, b.png 14x8, c.png 12x8"):
        triplet.read(folder)
