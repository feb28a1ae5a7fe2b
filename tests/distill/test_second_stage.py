"""The recipes of ESRGAN's two stages and of restoration, on tiny networks and pictures, end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import backbones
import numpy as np
import pytest
import torch
from commands import pocketlens
from pocketlens.core import picture
from pocketlens.distill import run
from pocketlens.distill.recipe import Recipe
from runs import recipe, write_photos, write_teacher

RRDB: dict[str, Any] = {"scale": 4, "features": 4, "growth": 2, "blocks": 1}
STUDENT = "student={{ name = 'sesr', scale = {scale}, channels = 8, blocks = 1, width = 16 }}"


def train(name: str, photos: Path, out: Path, *changes: str) -> dict[str, Any]:
    few = ["steps=3", "eval_every=2", "batch=2", "optimiser.warmup=1", *changes]
    options = [option for change in few for option in ("--set", change)]
    assert pocketlens("distill", "run", name, "--data", photos, "--out", out, *options, "-q") == 0
    return json.loads((out / "metrics.json").read_text())


@pytest.fixture
def large(tmp_path: Path) -> Path:
    return write_photos(tmp_path / "large", 9, 80, 88)


def test_the_two_stages_of_esrgan_follow_each_other_and_blend(large: Path, tmp_path: Path):
    weights = write_teacher(tmp_path / "real-esrgan", **RRDB)
    tiny = ["student.features=4", "student.growth=2", "student.blocks=1", "data.patch=16", "data.sizes=[1.0]"]
    first = train("esrgan-x4-psnr", large, tmp_path / "psnr", *tiny, f"start={weights}")
    assert first["start"]["weights_sha256"] and first["teacher"] is None
    backbone = backbones.write(tmp_path / "squeezenet1_1_caffe.pth", backbones.squeezenet())
    second = [f"start={tmp_path / 'psnr'}", f"loss.1.backbone={backbone}", "loss.2.features=4"]
    train("esrgan-x4-gan", large, tmp_path / "gan", *tiny, *second)
    rows = [json.loads(line) for line in (tmp_path / "gan" / "metrics.jsonl").read_text().splitlines()]
    assert {"pixel", "perceptual", "adversarial", "adversarial rival"} <= rows[-1].keys()
    out = ["--alpha", 0.2, "--out", tmp_path / "blend", "-q"]
    assert pocketlens("distill", "blend", tmp_path / "psnr", tmp_path / "gan", *out) == 0
    assert pocketlens("distill", "eval", tmp_path / "blend", "--data", large, "-q") == 0


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("variants", [0, 2])
def test_a_restoration_student_learns_from_a_teacher_of_four_times(
    large: Path, tmp_path: Path, scale: int, variants: int
):
    teacher = write_teacher(tmp_path / "teacher", **RRDB)
    changes = [STUDENT.format(scale=scale), f"teacher={teacher}", "data.patch=16", "data.sizes=[1.0]"]
    changes.append(f"data.variants={variants}")
    metrics = train(f"sesr-x{scale}-real", large, tmp_path / "out", *changes)
    kept = [*(tmp_path / "cache").rglob("*.npy")]
    assert len(kept) == variants * 7, "asked about each way of wear of each picture, or in every step"
    # What the run tells of its held-out pictures is what `eval` tells of them.
    scores, held_out = tmp_path / "scores.json", tmp_path / "held-out"
    for name in ("0.png", "8.png"):
        picture.write(held_out / name, picture.read(large / name))
    judged = ["--data", held_out, "--degradation", "real", "--json", scores, "-q"]
    assert pocketlens("distill", "eval", tmp_path / "out", *judged) == 0
    assert json.loads(scores.read_text())["mean"]["psnr_y"] == pytest.approx(metrics["validation"]["mean"]["psnr_y"])
    strip = picture.read(tmp_path / "out" / "samples.png")
    assert strip.shape[1] == 4 * 80, "LR, bicubic, student, truth"


@pytest.mark.parametrize("variants", [0, 2])
def test_worn_batches_depend_on_the_recipe_alone(large: Path, tmp_path: Path, variants: int):
    teacher = write_teacher(tmp_path / "teacher", **RRDB)
    data = {"train": [str(large)], "patch": 16, "degradation": "real", "variants": variants}
    content = recipe(large, teacher, data=data, loss=[{"name": "soft", "alpha": 1.0}])

    def batch(seed: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = Recipe.model_validate(content | {"seed": seed})
        material = run.make_ready(chosen, torch.device("cpu"), quiet=True).material
        material.fill(quiet=True)
        made = material.batch(step)
        assert made.teacher is not None and made.teacher.picture.shape == made.target.picture.shape
        return made.target.inputs[0].numpy(), made.teacher.picture.numpy()

    one, again = batch(0, 3), batch(0, 3)
    np.testing.assert_array_equal(one[0], again[0])
    np.testing.assert_array_equal(one[1], again[1])
    assert not np.array_equal(one[0], batch(1, 3)[0]) and not np.array_equal(one[0], batch(0, 4)[0])


def test_a_student_learns_to_restore(large: Path, tmp_path: Path):
    """A teacher that gives the worn picture back, enlarged: what is learned is told by the loss that falls."""
    teacher = write_teacher(tmp_path / "teacher", "srvgg", scale=2, features=4, convs=1)
    data = {"train": [str(large)], "patch": 16, "degradation": "real"}
    losses = [{"name": "soft", "alpha": 1.0}]
    optimiser = {"lr": 5e-3, "warmup": 10, "ema": 0.95}
    content = recipe(large, teacher, steps=120, eval_every=20, data=data, loss=losses, optimiser=optimiser, batch=4)
    run.run(Recipe.model_validate(content), tmp_path / "out", quiet=True)
    rows = [json.loads(line)["soft"] for line in (tmp_path / "out" / "metrics.jsonl").read_text().splitlines()]
    assert np.mean(rows[-2:]) < 0.8 * rows[0]
