"""Worn LR pictures: always the same for one picture and seed, of the right size, and worn as they should be."""

from __future__ import annotations

import numpy as np
import pytest
from pocketlens.core.degradation import degraded, wear
from pocketlens.core.resize import shrink
from scenes import scene


def picture(height: int = 48, width: int = 64, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_one_picture_and_seed_are_always_worn_alike():
    for seed in ((), (3,)):
        one, again = (degraded(picture(), 2, "real", *seed) for _ in range(2))
        np.testing.assert_array_equal(one, again)


def test_other_pictures_and_other_seeds_are_worn_otherwise():
    worn = [degraded(picture(), 2, "real", *seed) for seed in ((), (0,), (1,), (0, 1))]
    assert len({lr.tobytes() for lr in worn}) == 4
    flat, brighter = (degraded(np.full((48, 64, 3), grey, np.uint8), 2, "real") for grey in (100, 101))
    assert not np.array_equal(np.clip(flat + 1.0, 0, 255), brighter)


def test_bicubic_is_bicubic():
    np.testing.assert_array_equal(degraded(picture(), 2, "bicubic"), shrink(picture(), 2))


@pytest.mark.parametrize(("scale", "height", "width"), [(2, 2, 2), (4, 4, 8), (3, 33, 48), (4, 96, 68)])
def test_every_size_is_worn_to_its_share(scale: int, height: int, width: int):
    for seed in range(40):
        lr = wear(picture(height, width), scale, np.random.default_rng(seed))
        assert lr.shape == (height // scale, width // scale, 3) and lr.dtype == np.uint8


def test_a_picture_keeps_its_brightness_and_its_content():
    hr = scene(0)
    lr, clean = [], shrink(hr, 4).astype(float)
    for seed in range(60):
        lr.append(wear(hr, 4, np.random.default_rng(seed)).astype(float))
    assert np.mean(lr) == pytest.approx(clean.mean(), abs=3)
    alike = [np.corrcoef(one.ravel(), clean.ravel())[0, 1] for one in lr]
    assert np.median(alike) > 0.8
    errors = [np.sqrt(np.mean((one - clean) ** 2)) for one in lr]
    assert np.median(errors) > 8, "hardly worn"
    assert max(errors) > 2 * min(errors), "all worn alike"
