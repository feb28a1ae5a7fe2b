"""An interpolator's seven frames between two, on tiny bundles and clips."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import slow_motion
from clips import make_clip
from interpolators import fading_graph, make_interpolator
from moving import texture
from pocketlens.core import picture


def test_a_run_tells_of_clips_and_draws_two_rows_a_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    wide = texture(64, 160)
    slid = [np.ascontiguousarray(wide[:, 3 * step : 3 * step + 96]) for step in range(14)]
    clip = make_clip(tmp_path / "park.mp4", 64, 96, range(0, 560, 40), pictures=slid)
    student = make_interpolator(tmp_path / "still.plens")
    teacher = make_interpolator(tmp_path / "fading.plens", {("fp32", "float"): fading_graph()})
    monkeypatch.setenv("POCKETLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(slow_motion, "HERE", tmp_path / "benchmarks")
    monkeypatch.setattr(slow_motion, "SIDE", 48)
    monkeypatch.setattr(slow_motion, "STRETCHES", 3)
    monkeypatch.setattr(sys, "argv", ["slow_motion.py", *map(str, [student, "--teacher", teacher, "--clip", clip])])
    slow_motion.main()
    text = (tmp_path / "benchmarks" / "results" / "slow_motion.json").read_text()
    found = json.loads(text)
    assert (found["student"], found["teacher"]) == ("still.plens", "fading.plens") and str(tmp_path) not in text
    of_clip = found["clips"]["park"]
    assert of_clip["stretches"] == 3
    for of_ways in (of_clip["neighbours"], of_clip["psnr_rgb"]):
        assert set(of_ways) == {"average", "student", "teacher"}
    assert of_clip["psnr_rgb"]["teacher"] == pytest.approx(of_clip["psnr_rgb"]["average"], abs=0.2)
    assert len(of_clip["psnr_rgb"]["student"]) == 7 == len(of_clip["neighbours"]["student"]["at_rest"])
    sheet = picture.read(tmp_path / "docs" / "images" / "slow-motion.jpg")
    assert sheet.shape == (2 * (48 + 2), 9 * 48, 3)


def test_the_liveliest_neighbours_are_of_one_scene(tmp_path: Path):
    one, other = texture(64, 160), 255 - texture(64, 160, seed=1)
    places = [(one, 0), (one, 1), (one, 2), (one, 9), (one, 10), (other, 40), (other, 41)]
    pictures = [np.ascontiguousarray(scene[:, left : left + 96]) for scene, left in places]
    before, after = slow_motion.liveliest(make_clip(tmp_path / "cut.mp4", 64, 96, range(0, 280, 40), pictures=pictures))
    assert np.abs(before - pictures[2].astype(float)).mean() < np.abs(before - pictures[1].astype(float)).mean()
    assert np.abs(after - pictures[3].astype(float)).mean() < np.abs(after - pictures[4].astype(float)).mean()


def test_what_moves_where_nothing_should_is_told():
    flat = np.full((8, 8, 3), 100, np.uint8)
    moved = flat.copy()
    moved[:4] = 180
    strayed = [flat, *(flat + np.uint8(step) for step in range(7)), moved]
    assert slow_motion.judged(strayed)["at_rest"] == [0, 1, 2, 3, 4, 5, 6]
    assert slow_motion.judged(strayed)["steps"][:3] == [0, 1, 1]
