"""Motion as colours."""

from __future__ import annotations

import numpy as np
import pytest
from pocketlens.core.flow_picture import flow_picture

RED, YELLOW, CYAN, BLUE = (0, 0, 255), (0, 255, 255), (255, 255, 0), (255, 0, 0)


def uniform(x: float, y: float) -> np.ndarray:
    return np.broadcast_to(np.array([x, y], np.float32)[:, None, None], (2, 4, 6))


def test_no_motion_is_white():
    assert (flow_picture(uniform(0, 0)) == 255).all()
    assert (flow_picture(uniform(0, 0), 5) == 255).all()


@pytest.mark.parametrize(
    ("x", "y", "colour"),
    [(1, 0, RED), (0, 1, YELLOW), (-1, 0, CYAN), (0, -1, BLUE)],
    ids=["right", "down", "left", "up"],
)
def test_each_direction_is_nearest_to_its_colour(x: float, y: float, colour: tuple[int, int, int]):
    made = flow_picture(uniform(x, y)).astype(int)
    assert made.shape == (4, 6, 3)
    near = [np.abs(made - other).sum(-1).max() for other in (RED, YELLOW, CYAN, BLUE)]
    assert (RED, YELLOW, CYAN, BLUE)[int(np.argmin(near))] == colour


def test_longer_motion_is_more_saturated_and_darker_beyond_the_wheel():
    short, full, beyond = (flow_picture(uniform(length, 0), 10)[0, 0] for length in (5, 10, 20))
    assert short.tolist() == [128, 128, 255]
    assert full.tolist() == [0, 0, 255]
    assert beyond.tolist() == [0, 0, 191]


def test_the_longest_motion_has_a_full_colour_by_default():
    flow = np.zeros((2, 1, 3), np.float32)
    flow[0] = 0, 2, 4
    assert flow_picture(flow)[0, :, 1].tolist() == [255, 128, 0]


def test_neighbouring_directions_have_neighbouring_colours():
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    round_it = flow_picture(np.stack([np.cos(angles), np.sin(angles)])[:, None]).astype(int)[0]
    assert np.abs(round_it - np.roll(round_it, 1, 0)).max() < 10
