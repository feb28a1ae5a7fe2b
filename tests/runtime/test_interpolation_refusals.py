"""What cannot be interpolated gets one clear line, exit code 2, and no half-written file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle, nearest_graph
from clips import make_clip
from commands import pocketlens
from interpolators import fading_graph, make_interpolator
from pocketlens.core import picture
from pocketlens.core.errors import BadInput
from pocketlens.runtime import Session


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_interpolator(tmp_path / "between.plens")


@pytest.fixture
def upscaler(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "double.plens", graphs={"fp32": nearest_graph()})


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "in.mp4")


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Run `pocketlens run` that must fail, and give its one line; nothing may be left behind."""

    def run(*arguments: object) -> str:
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        assert pocketlens("run", *arguments) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
        return captured.err

    return run


def test_a_clip_of_one_frame(refused, model: Path, tmp_path: Path):
    clip = make_clip(tmp_path / "in.mp4", pts=[0])
    line = refused(model, clip, "-o", tmp_path / "out.mp4", "--show-flow", tmp_path / "flow.png")
    assert "in.mp4 has one frame to go by, and between needs two" in line


def test_one_frame_of_a_clip(refused, model: Path, clip: Path, tmp_path: Path):
    assert "needs two" in refused(model, clip, "-o", tmp_path / "out.mp4", "--frames", 1)


def test_a_picture(refused, model: Path, tmp_path: Path):
    picture.write(tmp_path / "photo.png", np.zeros((6, 8, 3), np.uint8))
    line = refused(model, tmp_path / "photo.png", "-o", tmp_path / "out.png")
    assert "between interpolates; it takes the frames of a video or a folder of pictures" in line


def test_a_folder_that_is_no_film(refused, model: Path, tmp_path: Path):
    film, out = tmp_path / "film", tmp_path / "out"
    picture.write(film / "a.png", np.zeros((6, 8, 3), np.uint8))
    assert "film holds one picture" in refused(model, film, "-o", out)
    picture.write(film / "b.png", np.zeros((6, 9, 3), np.uint8))
    assert "b.png is 9x6, and those before it 8x6" in refused(model, film, "-o", out)
    assert "--fps is for videos" in refused(model, film, "-o", out, "--fps", 60)
    assert "are for videos" in refused(model, film, "-o", out, "--show-flow", tmp_path / "flow.png")


@pytest.mark.parametrize("options", [("--factor", 2), ("--fps", 60), ("--cut", "hold")])
def test_options_of_interpolation_for_an_upscaler(refused, upscaler: Path, clip: Path, tmp_path: Path, options):
    assert "double upscales: factor, fps and cut" in refused(upscaler, clip, "-o", tmp_path / "out.mp4", *options)


def test_options_that_exclude_each_other(refused, model: Path, clip: Path, tmp_path: Path):
    out = tmp_path / "out.mp4"
    assert "not both" in refused(model, clip, "-o", out, "--factor", 2, "--fps", 60)
    assert "takes none" in refused(model, clip, "-o", out, "--tile", 64)
    assert "greater than or equal to 2" in refused(model, clip, "-o", out, "--factor", 1)
    assert "no frame rate" in refused(model, clip, "-o", out, "--fps", "fast")
    assert "known: hold, blend" in refused(model, clip, "-o", out, "--cut", "morph")


def test_chains_that_make_no_sense(refused, model: Path, upscaler: Path, clip: Path, tmp_path: Path):
    assert "only one model of a chain" in refused(model, clip, "-o", tmp_path / "out.mp4", "--then", model)
    assert "no model 'nothing'" in refused(model, clip, "-o", tmp_path / "out.mp4", "--then", "nothing")


def test_a_flow_that_cannot_be_shown(refused, model: Path, upscaler: Path, clip: Path, tmp_path: Path):
    out, flow = tmp_path / "out.mp4", tmp_path / "flow.png"
    assert "double upscales" in refused(upscaler, clip, "-o", out, "--show-flow", flow)
    fading = make_interpolator(tmp_path / "fading.plens", {("fp32", "float"): fading_graph()})
    assert "holds no motion graph" in refused(fading, clip, "-o", out, "--show-flow", flow)
    assert "name it .png" in refused(model, clip, "-o", out, "--show-flow", tmp_path / "flow.txt")
    assert "both name" in refused(model, clip, "-o", out, "--show-flow", out)
    assert "the input itself" in refused(model, clip, "-o", out, "--show-flow", clip, "--force")
    flow.write_bytes(b"precious")
    assert "--force" in refused(model, clip, "-o", out, "--show-flow", flow)


def test_sessions_are_asked_for_what_they_do(model: Path, upscaler: Path):
    one = np.zeros((8, 8, 3), np.uint8)
    with Session.open(upscaler, "onnxruntime") as session, pytest.raises(BadInput, match="double upscales"):
        session.between(one, one)
    with Session.open(model, "onnxruntime") as session, pytest.raises(BadInput, match="between interpolates"):
        session.upscale(one)
