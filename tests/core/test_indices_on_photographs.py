"""The three indices on photographs and films, where an upscaler's other errors are large."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pocketlens.calib_data.clip import open_film
from pocketlens.calib_data.sources import sample_clip, sample_pictures
from pocketlens.core.banding import banding
from pocketlens.core.checkerboard import checkerboard
from pocketlens.core.flicker import flicker
from pocketlens.core.resize import resize, shrink

SIDE = 384


@pytest.fixture(scope="module")
def photographs() -> dict[str, np.ndarray]:
    """The left upper part of some with sky, detail and straight edges."""
    return {name: bgr[:SIDE, :SIDE] for name, bgr in sample_pictures() if min(bgr.shape[:2]) >= SIDE}


def bicubic(truth: np.ndarray, scale: int) -> np.ndarray:
    """What bicubic enlarging makes of the picture at a fraction of its size."""
    return resize(shrink(truth, scale), *truth.shape[:2])


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_checkerboard_is_found_as_strong_as_it_is_and_bicubic_has_next_to_none(
    photographs: dict[str, np.ndarray], scale: int
):
    y, x = np.indices((SIDE, SIDE)) % scale
    lattice = ((x == 0) & (y == 0)).astype(np.float64)
    lattice = (lattice - np.mean(lattice)) / np.std(lattice)
    for name, truth in photographs.items():
        made = bicubic(truth, scale).astype(np.float64)
        error = np.std(made - truth)
        assert checkerboard(made, truth, scale) < 0.08 * error, name
        planted = checkerboard(made + error / 4 * lattice[..., None], truth, scale)
        assert planted == pytest.approx(error / 4, rel=0.1), name


@pytest.mark.parametrize("name", ["camera.png", "rocket.jpg"])
@pytest.mark.parametrize("scale", [2, 4])
def test_a_sky_of_fewer_levels_has_more_banding_than_any_that_enlarging_makes(
    photographs: dict[str, np.ndarray], name: str, scale: int
):
    truth = photographs[name]
    made = bicubic(truth, scale).astype(np.float64)
    without, *index = (banding(step * np.rint(made / step), truth) for step in (1, 4, 8, 16))
    assert 2 * without < index[0]
    assert index == sorted(index)


@pytest.mark.parametrize("clip", ["bikes", "carphone_pristine"])
def test_planted_noise_adds_its_square_to_what_the_film_flickers_anyway(clip: str):
    rng = np.random.default_rng(0)
    for film in open_film(sample_clip(clip), 4).candidates():
        shot = film.read()
        truth = [cv2.resize(bgr, (320, 240)) for bgr in (shot.before, shot.truth, shot.after)]
        made = [bicubic(frame, 2).astype(np.float64) for frame in truth]
        noisy = [frame + rng.normal(0, 6, (*frame.shape[:2], 1)) for frame in made]
        anyway, with_noise = (flicker(zip(frames, truth, strict=True)) for frames in (made, noisy))
        assert with_noise**2 - anyway**2 == pytest.approx(6**2, rel=0.1)
