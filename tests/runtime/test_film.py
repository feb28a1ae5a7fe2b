"""A folder of pictures as the frames of a film."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle, nearest_graph
from commands import pocketlens
from interpolators import make_interpolator, moving_graph
from pocketlens.core import picture
from scenes import moved, scene

SPEED = 4


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_interpolator(tmp_path / "moving.plens", {("fp32", "motion"): moving_graph(SPEED)})


def film(folder: Path, count: int) -> list[np.ndarray]:
    pictures = [moved(scene(0, 60, 96), SPEED * step) for step in range(count)]
    for index, bgr in enumerate(pictures):
        picture.write(folder / f"shot-{index:02}.png", bgr)
    return pictures


def test_pictures_keep_their_order_and_the_new_ones_lie_between(model: Path, tmp_path: Path):
    given = film(tmp_path / "in", 3)
    assert pocketlens("run", model, tmp_path / "in", "-o", tmp_path / "out", "--factor", 4) == 0
    made = picture.find(tmp_path / "out")
    assert [path.name for path in made] == [f"{number:06}.png" for number in range(1, 10)]
    for index, bgr in enumerate(given):
        np.testing.assert_array_equal(picture.read(made[4 * index]), bgr)
    for index in range(9):
        error = picture.read(made[index])[:, 16:-8].astype(int) - np.roll(given[0], index, axis=1)[:, 16:-8]
        assert np.abs(error).max() <= 1


def test_a_film_is_enlarged_in_the_same_pass(model: Path, tmp_path: Path):
    film(tmp_path / "in", 2)
    double = make_bundle(tmp_path / "x2.plens", channels=3, graphs={"fp32": nearest_graph(3)})
    assert pocketlens("run", model, tmp_path / "in", "-o", tmp_path / "out", "--then", double) == 0
    assert [picture.read(path).shape for path in picture.find(tmp_path / "out")] == [(120, 192, 3)] * 3


def test_upscalers_in_a_chain_keep_the_names_of_pictures(tmp_path: Path):
    film(tmp_path / "in", 2)
    double = make_bundle(tmp_path / "x2.plens", channels=3, graphs={"fp32": nearest_graph(3)})
    assert pocketlens("run", double, tmp_path / "in", "-o", tmp_path / "out", "--then", double) == 0
    made = {path.name: picture.read(path).shape for path in picture.find(tmp_path / "out")}
    assert made == {"shot-00.png": (240, 384, 3), "shot-01.png": (240, 384, 3)}
