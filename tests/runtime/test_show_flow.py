"""The motion that is gone by, in colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle, nearest_graph
from clips import look, make_clip
from commands import pocketlens
from interpolators import make_interpolator, moving_graph
from pocketlens.core import picture
from scenes import moved, scene


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Sees everything move to the right by four pixels."""
    return make_interpolator(tmp_path / "moving.plens", {("fp32", "motion"): moving_graph(4)})


def walk(path: Path, *scenes: int) -> Path:
    """Two steps of each scene."""
    pictures = [moved(scene(seed, 64, 96), 4 * step) for seed in scenes for step in range(2)]
    return make_clip(path, 64, 96, range(0, 40 * len(pictures), 40), pictures=pictures)


def run(*arguments: object) -> None:
    assert pocketlens("run", *arguments, "--engine", "onnxruntime") == 0


def test_a_picture_shows_the_moment_at_which_most_moves(model: Path, tmp_path: Path):
    run(model, walk(tmp_path / "in.mp4", 0, 1), "-o", tmp_path / "out.mp4", "--show-flow", tmp_path / "flow.png")
    made = picture.read(tmp_path / "flow.png")
    # To the right is red, and the longest motion has its full colour.
    np.testing.assert_array_equal(made, np.broadcast_to(np.array([0, 0, 255], np.uint8), (64, 96, 3)))
    assert (tmp_path / "out.mp4").exists()


def test_a_video_has_a_frame_for_each_that_is_made(model: Path, tmp_path: Path):
    source = walk(tmp_path / "in.mp4", 0, 1)
    run(model, source, "-o", tmp_path / "out.mp4", "--factor", 3, "--show-flow", tmp_path / "flow.mkv")
    found = look(tmp_path / "flow.mkv")
    assert found.times == pytest.approx([0.013, 0.027, 0.053, 0.067, 0.093, 0.107, 0.133, 0.147], abs=1e-3)
    assert found.size == (64, 96)
    assert np.abs(found.bgr - (43, 43, 255)).max() < 12


def test_the_flow_is_seen_where_it_is_found(model: Path, tmp_path: Path):
    double = make_bundle(tmp_path / "x2.plens", graphs={"fp32": nearest_graph(1)})
    source = walk(tmp_path / "in.mp4", 0)
    for number, (first, second, size) in enumerate([(model, double, (64, 96)), (double, model, (128, 192))]):
        flow = tmp_path / f"flow{number}.png"
        run(first, source, "-o", tmp_path / f"out{number}.mp4", "--then", second, "--show-flow", flow)
        assert picture.read(flow).shape[:2] == size


def test_a_clip_in_which_nothing_is_made_shows_no_motion(model: Path, tmp_path: Path):
    source = make_clip(tmp_path / "in.mp4", pts=range(0, 400, 40))
    run(model, source, "-o", tmp_path / "out.mp4", "--fps", 12.5, "--show-flow", tmp_path / "flow.png")
    assert (picture.read(tmp_path / "flow.png") == 255).all()
