"""Students of restoration next to their teacher, on tiny networks, pictures and clips."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import backbones
import numpy as np
import pytest
import restoration
from clips import make_clip
from pocketlens.core import picture
from pocketlens.distill.evaluate import Pair
from runs import write_photos, write_teacher


def test_a_run_tells_of_sets_and_clips_and_draws_two_rows_a_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    photos = write_photos(tmp_path / "set", count=2)
    clip = make_clip(tmp_path / "park.mp4", 240, 256, range(0, 1240, 40))
    student = write_teacher(tmp_path / "student", "sesr", channels=8, blocks=1, width=16)
    teacher = write_teacher(tmp_path / "large")
    backbone = backbones.write(tmp_path / "squeezenet.pth", backbones.squeezenet())
    monkeypatch.setattr(restoration, "HERE", tmp_path / "benchmarks")
    monkeypatch.setattr(restoration, "FRAMES", 3)
    options = ["--teacher", teacher, "--perceptual", backbone, "--data", photos, "--clip", clip]
    monkeypatch.setattr(sys, "argv", ["restoration.py", *map(str, [student, *options])])
    restoration.main()
    text = (tmp_path / "benchmarks" / "results" / "restoration-x2.json").read_text()
    found = json.loads(text)
    assert (found["student"], found["teacher"]) == ("student", "large") and str(tmp_path) not in text
    of_set, of_clip = found["sets"]["set"], found["flicker"]["park"]
    assert set(of_set) == set(of_clip) == {"bicubic", "student", "teacher"}
    assert {"psnr_y", "perceptual"} <= set(of_set["teacher"]) and "psnr_y_to_teacher" not in of_set["teacher"]
    assert of_set["bicubic"]["perceptual_to_teacher"] > 0 < of_set["student"]["ssim_y_to_teacher"]
    assert min(of_clip.values()) > 0
    sheet = picture.read(tmp_path / "docs" / "images" / "restoration-x2.jpg")
    assert sheet.shape == (2 * (restoration.SIDE + 2), 4 * restoration.SIDE, 3)


def test_what_stands_for_a_camera_keeps_the_brightness_and_adds_noise():
    flat = np.full((256, 256, 3), 100, np.uint8)
    small = restoration.seen(flat, 2, np.random.default_rng(0))
    assert small.shape == (128, 128, 3)
    assert small.mean() == pytest.approx(100, abs=0.2) and small.std() > 1


def test_a_teacher_is_asked_once_about_a_picture():
    asked: list[str] = []

    def teacher(pair: Pair) -> restoration.Upscaled:
        asked.append(pair.name)
        return restoration.bicubic(pair)

    grey, white = (np.full((4, 4, 3), level, np.uint8) for level in (128, 255))
    upscale = restoration.once(teacher)
    made = [upscale(Pair(name, white, lr)).picture for name, lr in [("a", grey), ("again", grey), ("b", white)]]
    assert asked == ["a", "b"]
    assert [int(one.mean()) for one in made] == [128, 128, 255]
