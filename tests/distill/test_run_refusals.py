"""A run that cannot be done says so in one line and leaves no run folder."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundles import make_bundle
from commands import pocketlens
from pocketlens.core import picture
from runs import recipe, write_photos, write_recipe, write_teacher


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Run a recipe that must be refused; returns the one line, after a look that nothing was left."""

    def run(content: dict[str, Any], *arguments: object, code: int = 2) -> str:
        path = write_recipe(tmp_path / "mine.toml", content)
        assert pocketlens("distill", "run", path, "--out", tmp_path / "out", *arguments) == code
        message = capsys.readouterr().err
        assert message.count("\n") == 1, message
        assert not (tmp_path / "out").exists()
        return message

    return run


def test_data_that_cannot_be_used(run: Any, photos: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    one = write_photos(tmp_path / "one", 1)
    assert "no folder" in run(recipe(tmp_path / "absent"))
    assert "no pictures in" in run(recipe(tmp_path / "empty"))
    assert "only one picture to train on" in run(recipe(one))
    assert "no folder" in run(recipe(photos, data={"train": [str(photos)], "val": [str(tmp_path / "absent")]}))
    assert "smaller than the crop of 64 px" in run(recipe(photos), "--set", "data.patch=64")
    (photos / "3.png").write_bytes(b"\x89PNG\r\n\x1a\nbut no more")
    assert "3.png is not a picture that can be decoded" in run(recipe(photos))
    picture.write(photos / "3.png", np.zeros((1, 1, 3), np.uint8))
    assert "3.png: 1x1 is too small for x2" in run(recipe(photos))


def test_some_pictures_smaller_than_the_crop_are_left_out(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_photos(tmp_path / "small", 2, 20, 90)
    path = write_recipe(tmp_path / "mine.toml", recipe(photos))
    out = ["--out", tmp_path / "out"]
    assert pocketlens("distill", "run", path, "--data", photos, "--data", tmp_path / "small", *out) == 0
    assert "2 of 9 pictures are smaller than the crop and left out" in capsys.readouterr().err


def test_teachers_that_cannot_teach(run: Any, photos: Path, tmp_path: Path):
    other_scale = write_teacher(tmp_path / "x3", "srvgg", scale=3, features=4, convs=1)
    grey = write_teacher(tmp_path / "grey", "fsrcnn", d=4, s=2, m=1)
    bundle = make_bundle(tmp_path / "tiny.plens")
    rgb_student = {"name": "esrgan", "scale": 2, "features": 4, "growth": 2, "blocks": 1}
    assert "no model 'absent'" in run(recipe(photos, Path("absent")))
    assert "upscales x3, not x2 or a multiple of it" in run(recipe(photos, other_scale))
    assert "is a bundle" in run(recipe(photos, bundle))
    soft = [{"name": "soft"}]
    assert "works on luma and cannot teach the RGB student" in run(recipe(photos, grey, student=rgb_student, loss=soft))
    assert "the loss 'soft' needs a teacher" in run(recipe(photos, loss=soft))


def test_features_that_are_not_there(run: Any, photos: Path, teacher: Path):
    def feature(own: str, other: str) -> list[dict[str, Any]]:
        return [{"name": "feature", "pairs": {own: other}}]

    message = run(recipe(photos, teacher, loss=feature("trnk", "trunk")))
    assert "the student sesr has no feature 'trnk'; did you mean 'trunk'?" in message
    message = run(recipe(photos, teacher, loss=feature("trunk", "body")))
    assert "the teacher esrgan has no feature 'body'; known: features, shallow, trunk" in message
    assert "needs pairs" in run(recipe(photos, teacher, loss=[{"name": "feature"}]))


@pytest.mark.parametrize("patch", [5, 17])
def test_a_crop_off_the_grid_of_a_folding_network(run: Any, photos: Path, teacher: Path, patch: int):
    message = f"data.patch = {patch} must be a multiple of 2"
    data = {"train": [str(photos)], "patch": patch}
    folding = {"name": "esrgan", "scale": 2, "features": 4, "growth": 2, "blocks": 1}
    assert message in run(recipe(photos, teacher, data=data))
    assert message in run(recipe(photos, student=folding, data=data))


def test_a_cache_too_small_for_the_teacher(run: Any, photos: Path, teacher: Path):
    assert "use --set cache_gb=" in run(recipe(photos, teacher), "--set", "cache_gb=1e-6")


def test_devices(run: Any, photos: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert "no CUDA device here" in run(recipe(photos), "--device", "cuda", code=3)
    assert "unknown device 'tpu'" in run(recipe(photos), "--device", "tpu")


def test_an_out_that_cannot_be_written(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = write_recipe(tmp_path / "mine.toml", recipe(photos))
    (tmp_path / "file").write_text("mine")
    assert pocketlens("distill", "run", path, "--out", tmp_path / "file" / "out") == 2
    assert "cannot write" in capsys.readouterr().err
    assert pocketlens("distill", "run", path, "--out", tmp_path / "file") == 2
    assert "file exists" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"


def test_an_existing_run_is_kept_unless_forced(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path, out = write_recipe(tmp_path / "mine.toml", recipe(photos)), tmp_path / "out"
    (out / "notes").mkdir(parents=True)
    assert pocketlens("distill", "run", path, "--out", out) == 2
    assert "exists; go on with --resume, replace it with --force" in capsys.readouterr().err
    assert pocketlens("distill", "run", path, "--out", out, "--force", "-q") == 0
    assert pocketlens("distill", "run", path, "--out", out, "--force", "--set", "steps=10", "-q") == 0
    assert (out / "metrics.jsonl").read_text().count("\n") == 1, "rows of the run before are left"
    assert (out / "notes").exists(), "only the run's own files may go"


def test_a_full_disk_keeps_the_last_state(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path, out = write_recipe(tmp_path / "mine.toml", recipe(photos)), tmp_path / "out"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Files may grow to less than the state needs: what a full disk does, without filling one.
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, limits[1]))
    try:
        assert pocketlens("distill", "run", path, "--out", out, "-q") == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and "cannot write" in message and "state.pt" in message
    assert sorted(file.name for file in out.iterdir()) == ["data.json", "metrics.jsonl", "recipe.toml"]
    assert pocketlens("distill", "run", path, "--out", out, "--resume", "-q") == 0
