"""Pictures on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pocketlens.core import picture
from pocketlens.core.errors import BadInput


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def test_upper_case_suffixes_are_pictures_and_other_files_are_not(tmp_path: Path, noise: np.ndarray):
    for name in ("b.PNG", "a.Jpeg"):
        picture.write(tmp_path / name, noise)
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in picture.find(tmp_path)] == ["a.Jpeg", "b.PNG"]


def test_a_folder_without_pictures_is_bad_input(tmp_path: Path):
    with pytest.raises(BadInput, match="no pictures in"):
        picture.find(tmp_path)
    with pytest.raises(BadInput, match="no folder"):
        picture.find(tmp_path / "absent")


def test_a_png_reads_back_as_it_was_written(tmp_path: Path, noise: np.ndarray):
    picture.write(tmp_path / "a.png", noise)
    np.testing.assert_array_equal(picture.read(tmp_path / "a.png"), noise)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "no picture"])
def test_a_damaged_png_is_one_clear_line(
    tmp_path: Path, noise: np.ndarray, damage: str, capfd: pytest.CaptureFixture[str]
):
    data = bytearray(picture.encode(noise))
    data[len(data) // 2] ^= 255
    broken = {
        "cut": picture.encode(noise)[:-40],
        "flipped": bytes(data),
        "empty": b"",
        "no picture": b"text",
    }
    (tmp_path / "a.png").write_bytes(broken[damage])
    with pytest.raises(BadInput, match=r"a\.png is not a picture that can be decoded"):
        picture.read(tmp_path / "a.png")
    assert capfd.readouterr().err == "", "the decoder printed its own complaint"


def test_a_cut_jpeg_is_refused(tmp_path: Path, noise: np.ndarray):
    (tmp_path / "a.jpg").write_bytes(picture.encode(noise, ".jpg")[:-200])
    with pytest.raises(BadInput, match="cut short"):
        picture.read(tmp_path / "a.jpg")


def test_a_missing_picture_and_an_unknown_kind_are_bad_input(tmp_path: Path, noise: np.ndarray):
    with pytest.raises(BadInput, match="cannot read"):
        picture.read(tmp_path / "absent.png")
    with pytest.raises(BadInput, match="name it"):
        picture.write(tmp_path / "a.gif", noise)


def test_two_pictures_are_blended_by_nearness_and_rounded():
    dark, light = np.full((1, 1, 3), 100, np.uint8), np.full((1, 1, 3), 255, np.uint8)
    assert [int(picture.blend(dark, light, t)[0, 0, 0]) for t in (0, 0.5, 0.75, 1)] == [100, 178, 216, 255]
    assert picture.blend(dark, light).dtype == np.uint8
