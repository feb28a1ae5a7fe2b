"""Pictures and folders of pictures, through Python and the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle, nearest_graph
from commands import pocketlens
from hypothesis import given, settings
from hypothesis import strategies as st
from pocketlens.core import picture
from pocketlens.core.errors import BadInput
from pocketlens.runtime import Session


@pytest.fixture(scope="module")
def luma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("luma") / "luma.plens", graphs={"fp32": nearest_graph(1)})


@pytest.fixture(scope="module")
def rgb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("rgb") / "rgb.plens", channels=3, graphs={"fp32": nearest_graph(3)})


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), tile=st.sampled_from([None, 7]))
def test_any_size_from_one_pixel_up_is_doubled(luma: Path, height: int, width: int, tile: int | None):
    with Session.open(luma, "onnxruntime", tile=tile) as session:
        assert session.upscale(noise(height, width)).shape == (2 * height, 2 * width, 3)


def test_an_rgb_network_gets_its_channels_in_order(rgb: Path):
    with Session.open(rgb, "onnxruntime") as session:
        assert np.array_equal(session.upscale(noise(9, 14)), noise(9, 14).repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize("bgr", [(0, 0, 0), (255, 255, 255), (10, 200, 90), (255, 0, 0), (0, 0, 255), (37, 36, 180)])
def test_colours_come_out_of_a_luma_network_as_they_went_in(luma: Path, bgr: tuple[int, int, int]):
    with Session.open(luma, "onnxruntime") as session:
        upscaled = session.upscale(np.full((12, 12, 3), bgr, np.uint8))
    assert np.abs(upscaled.astype(int) - bgr).mean() < 0.5


def test_what_is_not_a_picture_is_refused(luma: Path):
    with Session.open(luma, "onnxruntime") as session:
        for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)):
            with pytest.raises(BadInput, match="uint8"):
                session.upscale(wrong)


def test_a_picture_is_written_in_the_format_of_its_name(luma: Path, tmp_path: Path):
    picture.write(tmp_path / "in.png", noise(7, 5))
    assert pocketlens("run", luma, tmp_path / "in.png", "-o", tmp_path / "out.jpg") == 0
    assert (tmp_path / "out.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert picture.read(tmp_path / "out.jpg").shape == (14, 10, 3)


def test_a_folder_becomes_pngs_of_the_same_names(luma: Path, tmp_path: Path):
    for name, size in (("a.png", 5), ("b.jpg", 8), ("c.bmp", 1)):
        picture.write(tmp_path / "in" / name, noise(size, size))
    (tmp_path / "in" / "notes.txt").write_text("not a picture")
    assert pocketlens("run", luma, tmp_path / "in", "-o", tmp_path / "out") == 0
    made = {path.name: picture.read(path).shape[0] for path in (tmp_path / "out").iterdir()}
    assert made == {"a.png": 10, "b.png": 16, "c.png": 2}


def test_a_folder_with_a_bad_picture_leaves_nothing(luma: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for name in ("a.png", "c.png"):
        picture.write(tmp_path / "in" / name, noise(5, 5))
    (tmp_path / "in" / "b.png").write_bytes(b"\x89PNG cut short")
    assert pocketlens("run", luma, tmp_path / "in", "-o", tmp_path / "out") == 2
    assert "b.png is not a picture" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_two_pictures_for_one_name_are_refused(luma: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for name in ("a.png", "a.bmp"):
        picture.write(tmp_path / "in" / name, noise(5, 5))
    assert pocketlens("run", luma, tmp_path / "in", "-o", tmp_path / "out") == 2
    assert "both become a.png" in capsys.readouterr().err


def test_force_replaces_a_folder(luma: Path, tmp_path: Path):
    picture.write(tmp_path / "in" / "a.png", noise(5, 5))
    picture.write(tmp_path / "out" / "old.png", noise(5, 5))
    assert pocketlens("run", luma, tmp_path / "in", "-o", tmp_path / "out", "--force") == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]
