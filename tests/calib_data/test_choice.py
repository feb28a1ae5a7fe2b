"""Which pictures the rule chooses."""

from __future__ import annotations

import numpy as np
import pytest
from pocketlens.calib_data.sampler import Look, choose
from pocketlens.calib_data.statistics import measure

SIZE = (48, 64, 3)


def plain(level: int) -> np.ndarray:
    return np.full(SIZE, level, np.uint8)


def noise(seed: int, low: int, high: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, SIZE, np.uint8)


def ramp() -> np.ndarray:
    return np.broadcast_to(np.linspace(0, 255, SIZE[1]).astype(np.uint8)[None, :, None], SIZE).copy()


def kinds() -> dict[str, np.ndarray]:
    red = plain(0)
    red[..., 2] = 200
    return {"black": plain(0), "white": plain(255), "noise": noise(1, 0, 256), "ramp": ramp(), "red": red}


def greys() -> dict[str, np.ndarray]:
    """Fifty of one scene, each a little different."""
    return {f"grey-{seed:02d}": noise(seed, 124, 128) for seed in range(50)}


def looks(pictures: dict[str, np.ndarray]) -> list[Look]:
    return [Look.of(name, bgr) for name, bgr in pictures.items()]


def test_one_of_each_kind_is_found_among_fifty_near_equal_greys():
    chosen = choose(looks(greys() | kinds()), 6)
    assert kinds().keys() < chosen.keys()
    assert sum(name.startswith("grey") for name in chosen) == 1


def test_the_extremes_come_first_and_say_so():
    chosen = choose(looks(greys() | kinds()), 3)
    assert list(chosen.items()) == [("black", "darkest"), ("white", "brightest"), ("noise", "most textured")]


def test_the_flattest_is_taken_where_it_is_neither_the_darkest_nor_the_brightest():
    pictures = {"dark": noise(1, 0, 60), "flat": plain(128), "light": noise(2, 200, 256), "rough": noise(3, 0, 256)}
    assert choose(looks(pictures), 4) == {
        "dark": "darkest",
        "light": "brightest",
        "flat": "flattest",
        "rough": "most textured",
    }


def test_near_duplicates_wait_until_nothing_else_is_left():
    pictures = greys() | kinds()
    chosen = list(choose(looks(pictures), 12))
    assert kinds().keys() < set(chosen[:6])
    assert all(name.startswith("grey") for name in chosen[6:])


def test_a_texture_is_no_duplicate_of_the_flat_grey_it_averages_to():
    checks = np.where(np.indices(SIZE[:2]).sum(0)[..., None] % 2, 255, 0).repeat(3, 2).astype(np.uint8)
    pictures = {"checks": checks, "flat": plain(128), "flat again": plain(129)}
    assert "checks" in list(choose(looks(pictures), 3))[:2]


def test_hues_of_one_brightness_are_no_duplicates():
    red, blue = plain(0), plain(0)
    red[..., 2], blue[..., 0] = 100, 255
    assert measure(red).brightness == pytest.approx(measure(blue).brightness, abs=1)
    assert "red" in list(choose(looks({"red": red, "blue": blue, "blue again": blue}), 3))[:2]


@pytest.mark.parametrize("seed", range(3))
def test_neither_order_nor_names_change_what_is_chosen(seed: int):
    pictures = list((greys() | kinds()).values())
    order = np.random.default_rng(seed).permutation(len(pictures))
    straight = {f"{index:03d}": bgr for index, bgr in enumerate(pictures)}
    shuffled = {f"{index:03d}": pictures[place] for index, place in enumerate(order)}
    first = [straight[name].tobytes() for name in choose(looks(straight), 8)]
    assert first == [shuffled[name].tobytes() for name in choose(looks(shuffled), 8)]


def test_fewer_candidates_than_asked_for_are_all_taken():
    assert choose(looks(kinds()), 16).keys() == kinds().keys()


def test_identical_pictures_are_taken_by_name():
    assert list(choose(looks({"b": plain(9), "a": plain(9), "c": plain(9)}), 2)) == ["a", "b"]


@pytest.mark.parametrize("height, width", [(1, 1), (1, 7), (5, 1)])
def test_the_smallest_pictures_can_be_measured(height: int, width: int):
    figures = measure(np.full((height, width, 3), 255, np.uint8))
    assert (figures.brightness, figures.contrast, figures.texture, figures.colour) == (235, 0, 0, 0)


def test_texture_is_the_gradient_in_grey_levels_a_pixel():
    steps = np.broadcast_to(np.arange(0, 200, 2, dtype=np.uint8)[None, :, None], (20, 100, 3))
    assert measure(steps).texture == pytest.approx(2 * 219 / 255 * 99 / 100, abs=0.01)
