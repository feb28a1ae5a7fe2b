"""`distill eval` of models that interpolate."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from commands import pocketlens
from pocketlens.core import checkpoint, picture, triplet
from pocketlens.core.metrics import interpolation_error, psnr_rgb, ssim_rgb
from pocketlens.core.picture import blend
from pocketlens.core.spec import ModelSpec
from pocketlens.core.triplet import Triplet
from pocketlens.distill.interpolation_scores import score_triplets
from pocketlens.distill.torch_interpolator import torch_interpolator
from pocketlens.runtime.session import Session
from runs import write_photos, write_teacher

SMALL = {"coarsest": 4, "coarse": 4, "middle": 4, "fine": 4, "depth": 1, "context": 2}
HEIGHT, WIDTH = 37, 53


@pytest.fixture
def triplets(tmp_path: Path) -> Path:
    """Three triplets of smooth noise that slides by two pixels a frame, of an odd size."""
    photos = [picture.read(path) for path in picture.find(write_photos(tmp_path / "wide", 3, 60, 80))]
    for index, wide in enumerate(photos):
        for step in range(3):
            shown = wide[:HEIGHT, 2 * step : 2 * step + WIDTH]
            picture.write(tmp_path / "triplets" / f"clip{index}" / f"frame{step}.png", shown)
    return tmp_path / "triplets"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A RIFE that was never trained: it gives the average of the frames."""
    return write_teacher(tmp_path / "rife", "rife", **SMALL)


def test_the_scores_are_those_of_what_was_made_at_the_asked_moment():
    rng = np.random.default_rng(0)
    before, truth, after = rng.integers(0, 256, (3, 20, 24, 3), dtype=np.uint8)
    asked = []

    def between(early: np.ndarray, late: np.ndarray, t: float) -> np.ndarray:
        asked.append((early is before, late is after, t))
        return np.full_like(early, 128)

    result = score_triplets(between, [Triplet("a", before, truth, after, 0.25), Triplet("b", truth, before, truth)])
    assert asked == [(True, True, 0.25), (False, False, 0.5)]
    first = {"name": "a", **scores_of(np.full_like(truth, 128), truth)}
    assert result["items"][0] == first
    assert result["mean"]["ie"] == pytest.approx(np.mean([item["ie"] for item in result["items"]]))
    averages = [scores_of(blend(before, after, 0.25), truth), scores_of(truth, before)]
    assert result["baseline"]["psnr_rgb"] == pytest.approx(np.mean([item["psnr_rgb"] for item in averages]))
    assert result["baseline"]["ssim_rgb"] == pytest.approx(np.mean([item["ssim_rgb"] for item in averages]))


def scores_of(made: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    return {
        "psnr_rgb": psnr_rgb(made, truth),
        "ssim_rgb": ssim_rgb(made, truth),
        "ie": interpolation_error(made, truth),
    }


def test_a_network_sees_frames_of_any_size_and_the_moment(triplets: Path):
    shown = triplet.read(triplet.find(triplets)[0])
    seen = []

    class Later(torch.nn.Module):
        def forward(self, before: torch.Tensor, after: torch.Tensor, t: torch.Tensor) -> SimpleNamespace:
            seen.append((before.shape, t))
            return SimpleNamespace(picture=after)

    spec = ModelSpec("interpolate", Later, ("before", "after", "t"), "between", 3, 1, align=16, reach=0, taps={})
    np.testing.assert_array_equal(torch_interpolator(Later(), spec)(shown.before, shown.after, 0.25), shown.after)
    assert seen == [((1, 3, 48, 64), torch.tensor([0.25]))]


def test_a_checkpoint_gives_the_promised_json(model: Path, triplets: Path, tmp_path: Path):
    scores = tmp_path / "scores.json"
    assert pocketlens("distill", "eval", model, "--data", triplets, "--json", scores, "-q") == 0
    result = json.loads(scores.read_text())
    assert list(result) == ["task", "mean", "baseline", "items"]
    assert (result["task"], result["baseline"]["name"]) == ("interpolate", "average")
    assert set(result["mean"]) == {"psnr_rgb", "ssim_rgb", "ie"} == set(result["baseline"]) - {"name"}
    assert [item["name"] for item in result["items"]] == ["clip0", "clip1", "clip2"]
    assert result["mean"]["psnr_rgb"] == pytest.approx(result["baseline"]["psnr_rgb"], abs=0.1)


def test_a_weights_file_is_scored_on_one_triplet(
    model: Path, triplets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    torch.save(checkpoint.load(model).network.state_dict(), tmp_path / "flownet.pkl")
    one = triplets / "clip1"
    assert pocketlens("distill", "eval", tmp_path / "flownet.pkl", "--data", one, "--json", "-") == 0
    assert [item["name"] for item in json.loads(capsys.readouterr().out)["items"]] == ["clip1"]


def test_a_bundle_is_scored_as_its_user_runs_it(
    triplets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "lite.plens").write_bytes(b"")
    session = SimpleNamespace(manifest=SimpleNamespace(task="interpolate", scale=1), between=blend)
    monkeypatch.setattr(Session, "open", lambda path, engine, precision: {("auto", "int8"): session}[engine, precision])
    assert pocketlens("distill", "eval", tmp_path / "lite.plens", "--data", triplets, "--precision", "int8") == 0
    *_, mean, average = capsys.readouterr().out.splitlines()
    assert mean.split()[1:] == average.split()[1:]


def test_the_table_has_a_line_a_triplet_and_the_mean(model: Path, triplets: Path, capsys: pytest.CaptureFixture[str]):
    assert pocketlens("distill", "eval", model, "--data", triplets) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["clip0", "clip1", "clip2", "mean", "average"]
    assert all("dB  SSIM" in line and "error" in line for line in lines)


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert pocketlens("distill", "eval", *arguments) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    return message


def test_data_for_the_other_task_is_one_clear_line(
    model: Path, triplets: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    told = refused(capsys, model, "--data", photos)
    assert "no triplets in" in told and "three pictures" in told and "interpolates" in told
    told = refused(capsys, write_teacher(tmp_path / "sr"), "--data", triplets)
    assert "no pictures in" in told and "upscales and is scored on HR pictures" in told


def test_bad_triplets_are_one_clear_line(
    model: Path, triplets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert "it has no scale" in refused(capsys, model, "--data", triplets, "--scale", 2)
    assert "no folder" in refused(capsys, model, "--data", tmp_path / "absent")
    picture.write(triplets / "clip1" / "frame1.png", np.zeros((HEIGHT, WIDTH + 1, 3), np.uint8))
    told = refused(capsys, model, "--data", triplets, "--json", tmp_path / "scores.json")
    assert f"differ in size: frame0.png {WIDTH}x{HEIGHT}, frame1.png {WIDTH + 1}x{HEIGHT}" in told
    assert not (tmp_path / "scores.json").exists()
