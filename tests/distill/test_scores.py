"""`distill eval`: what it scores, and on what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import backbones
import numpy as np
import pytest
import torch
from bundles import make_bundle
from commands import pocketlens
from pocketlens.core import picture
from pocketlens.core.colour import luma
from pocketlens.core.metrics import psnr, psnr_y
from pocketlens.core.resize import resize
from pocketlens.distill.evaluate import Pair, Upscaled, coloured, score
from runs import write_teacher


def test_the_scores_are_those_of_the_picture_and_of_the_networks_own_luma(photos: Path):
    truth = picture.read(photos / "0.png")[:55]

    def upscale(pair: Pair) -> Upscaled:
        lr = pair.lr
        return coloured(luma(resize(lr, lr.shape[0] * 2, lr.shape[1] * 2))[None] + np.float32(0.01), lr)

    result = score(upscale, [("0.png", truth)], 2)
    item, baseline, hr = result["items"][0], result["baseline"], truth[:54, :64]
    lr = resize(hr, 27, 32)
    made = upscale(Pair("0.png", hr, lr))
    assert made.luma is not None
    assert item["psnr_y"] == psnr_y(made.picture, hr, 2) < baseline["psnr_y"]
    assert item["psnr_y_direct"] == psnr(np.rint(made.luma * 255), np.rint(luma(hr) * 255), 2)
    assert baseline["psnr_y"] == psnr_y(resize(lr, 54, 64), hr, 2)
    assert result["mean"] == {key: value for key, value in item.items() if key != "name"}


@pytest.mark.parametrize(("name", "direct"), [("fsrcnn", True), ("esrgan", False)])
def test_a_checkpoint_gives_the_promised_json(photos: Path, tmp_path: Path, name: str, direct: bool):
    teacher, scores = write_teacher(tmp_path / "model", name, scale=2), tmp_path / "scores.json"
    assert pocketlens("distill", "eval", teacher, "--data", photos, "--json", scores, "-q") == 0
    result = json.loads(scores.read_text())
    assert list(result) == ["task", "scale", "mean", "baseline", "items"]
    assert (result["task"], result["scale"], result["baseline"]["name"]) == ("upscale", 2, "bicubic")
    assert set(result["mean"]) == {"psnr_y", "psnr_y_direct", "ssim_y"}
    assert set(result["baseline"]) == {"name", "psnr_y", "ssim_y"}
    assert [item["name"] for item in result["items"]] == [f"{index}.png" for index in range(9)]
    assert (result["mean"]["psnr_y_direct"] is not None) == direct


def test_a_bundle_is_scored_as_its_user_runs_it(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    bundle = make_bundle(tmp_path / "tiny.plens")
    assert pocketlens("distill", "eval", bundle, "--data", photos, "--engine", "onnxruntime", "--json", "-") == 0
    mean = json.loads(capsys.readouterr().out)["mean"]
    assert mean["psnr_y"] > 15 and abs(mean["psnr_y"] - mean["psnr_y_direct"]) < 1


def test_the_table_has_a_line_a_picture_and_the_mean(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert pocketlens("distill", "eval", write_teacher(tmp_path / "model"), "--data", photos) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*(f"{index}.png" for index in range(9)), "mean", "bicubic"]


def scores(tmp_path: Path, *arguments: object) -> dict[str, Any]:
    file = tmp_path / "scores.json"
    assert pocketlens("distill", "eval", *arguments, "--json", file, "--force", "-q") == 0
    return json.loads(file.read_text())


def test_pictures_are_worn_alike_whoever_is_judged_and_whatever_else_is_in_the_folder(photos: Path, tmp_path: Path):
    models = [write_teacher(tmp_path / str(seed), seed=seed) for seed in (0, 1)]
    worn = ["--data", photos, "--degradation", "real"]
    first, other = (scores(tmp_path, model, *worn) for model in models)
    assert first["baseline"] == other["baseline"] and first["items"] != other["items"]
    assert first["baseline"]["psnr_y"] < scores(tmp_path, models[0], "--data", photos)["baseline"]["psnr_y"] - 1
    (photos / "0.png").unlink()
    assert scores(tmp_path, models[0], *worn)["items"] == first["items"][1:]


def test_pictures_are_held_against_those_of_a_teacher_that_may_enlarge_more(photos: Path, tmp_path: Path):
    model = write_teacher(tmp_path / "model", "sesr", scale=2)
    larger = write_teacher(tmp_path / "larger", scale=4, features=4, growth=2, blocks=1)
    to_itself = scores(tmp_path, model, "--data", photos, "--teacher", model)
    assert to_itself["mean"]["psnr_y_to_teacher"] is None and to_itself["mean"]["ssim_y_to_teacher"] == 1
    mean = scores(tmp_path, model, "--data", photos, "--teacher", larger)["mean"]
    assert 0 < mean["psnr_y_to_teacher"] < 40
    assert mean["psnr_y"] == scores(tmp_path, model, "--data", photos)["mean"]["psnr_y"]


def test_a_perceptual_distance_is_told_beside_the_others(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    model, backbone = write_teacher(tmp_path / "model", "sesr", scale=2), tmp_path / "a.pth"
    backbones.write(backbone, backbones.squeezenet())
    linear = backbones.write(tmp_path / "lin.pth", backbones.linear([8] * 7))
    arguments = [model, "--data", photos, "--perceptual", backbone]
    plain, taught = scores(tmp_path, *arguments), scores(tmp_path, *arguments, "--teacher", model)
    assert plain["mean"]["perceptual"] > 0 and plain["baseline"]["perceptual"] > 0
    assert taught["trial"] == {"degradation": "bicubic", "teacher": str(model), "perceptual": str(backbone)}
    assert taught["mean"]["perceptual_to_teacher"] == 0 < taught["baseline"]["perceptual_to_teacher"]
    fitted = scores(tmp_path, *arguments, "--lpips", linear)
    assert fitted["mean"]["perceptual"] not in (0, plain["mean"]["perceptual"])
    assert pocketlens("distill", "eval", *arguments) == 0
    assert "perceptual " in capsys.readouterr().out


def test_trials_that_cannot_be_are_one_clear_line(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    model = write_teacher(tmp_path / "model")
    x3 = write_teacher(tmp_path / "x3", "srvgg", scale=3, features=4, convs=1)
    pair = [write_teacher(tmp_path / "pair", "ifnet_lite", coarse=16), "--data", photos]
    upscaler = [model, "--data", photos]
    assert "did you mean 'real'?" in refused(capsys, *upscaler, "--degradation", "reel")
    assert "upscales x3, not x2 or a multiple of it" in refused(capsys, *upscaler, "--teacher", x3)
    assert "the teacher" in refused(capsys, *upscaler, "--teacher", pair[0])
    assert "no weights at" in refused(capsys, *upscaler, "--perceptual", tmp_path / "absent.pth")
    assert "is no backbone" in refused(capsys, *upscaler, "--perceptual", _foreign(tmp_path))
    assert "give the backbone" in refused(capsys, *upscaler, "--lpips", tmp_path / "lin.pth")
    assert "are for models that upscale" in refused(capsys, *pair, "--degradation", "real")


def _foreign(tmp_path: Path) -> Path:
    return backbones.write(tmp_path / "foreign.pth", {"a": torch.zeros(1)})


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert pocketlens("distill", "eval", *arguments) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    return message


def test_bad_input_is_one_clear_line(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    model, bundle = write_teacher(tmp_path / "model"), make_bundle(tmp_path / "tiny.plens")
    (tmp_path / "empty").mkdir()
    assert "no model 'absent'" in refused(capsys, "absent", "--data", photos)
    assert "no folder" in refused(capsys, model, "--data", tmp_path / "absent")
    assert "no pictures in" in refused(capsys, model, "--data", tmp_path / "empty")
    assert "upscales x2, not x4" in refused(capsys, model, "--data", photos, "--scale", 4)
    assert "upscales x2, not x4" in refused(capsys, bundle, "--data", photos, "--scale", 4)
    assert "pocketlens export bundle" in refused(capsys, model, "--data", photos, "--precision", "int8")
    assert "pocketlens export bundle" in refused(capsys, model, "--data", photos, "--engine", "openvino")
    (photos / "5.png").write_bytes((photos / "5.png").read_bytes()[:-30])
    assert "5.png is not a picture" in refused(capsys, model, "--data", photos, "--json", tmp_path / "scores.json")
    assert not (tmp_path / "scores.json").exists()


def test_list_names_everything(capsys: pytest.CaptureFixture[str]):
    assert pocketlens("distill", "list", "--json", "-") == 0
    listed = json.loads(capsys.readouterr().out)
    assert list(listed) == ["teachers", "students", "losses", "recipes", "shipped teachers"]
    assert {"esrgan", "srvgg"} <= listed["teachers"].keys()
    assert {"fsrcnn", "sesr"} <= listed["students"].keys()
    assert {"pixel", "soft", "feature"} <= listed["losses"].keys()
