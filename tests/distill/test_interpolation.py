"""Interpolators train in the one loop: on triplets and on photos, with a teacher and without."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pocketlens.core import checkpoint, picture
from pocketlens.core.errors import BadInput
from pocketlens.distill import run
from pocketlens.distill.interpolation import AskedInterpolator, apart
from pocketlens.distill.recipe import Recipe
from pocketlens.distill.triplet_crops import MOTION
from runs import write_photos, write_teacher

SMALL_RIFE = {"coarsest": 8, "coarse": 8, "middle": 8, "fine": 8, "depth": 1, "context": 2}
TINY = {"stem": 8, "quarter": 8, "eighth": 8, "sixteenth": 8, "coarse": 16, "middle": 16, "fine": 16, "depth": 1}
TRUTH = [{"name": "laplacian"}]
TAUGHT = [
    *TRUTH,
    {"name": "soft", "alpha": 1.0, "mask": 0.1},
    {"name": "flow", "weight": 0.01},
    {"name": "feature", "weight": 0.1, "pairs": {"fine": "fine"}},
    {"name": "privileged", "channels": 8, "depth": 1},
]


@pytest.fixture
def triplets(tmp_path: Path) -> Path:
    """Nine scenes that pan by 4 px a frame."""
    wide = write_photos(tmp_path / "wide", 9, 72, 96)
    for path in picture.find(wide):
        bgr = picture.read(path)
        for index in range(3):
            picture.write(tmp_path / "triplets" / path.stem / f"{index}.png", bgr[:, 4 * index : 4 * index + 80])
    return tmp_path / "triplets"


@pytest.fixture
def rife(tmp_path: Path) -> Path:
    return write_teacher(tmp_path / "rife", "rife", **SMALL_RIFE)


def recipe(source: Path, teacher: Path | None = None, **changes: Any) -> Recipe:
    return Recipe.model_validate(
        {
            "steps": 6,
            "batch": 4,
            "eval_every": 3,
            "student": {"name": "ifnet_lite", **TINY},
            "data": {"train": [str(source)], "patch": 64},
            "teacher": str(teacher or "none"),
            "loss": TAUGHT if teacher else TRUTH,
            **changes,
        }
    )


def test_it_learns_which_frame_to_trust(triplets: Path, tmp_path: Path):
    """The frame after is black: a minute's training would be too short to find motion, not to find that out."""
    for folder in triplets.iterdir():
        shutil.copy(folder / "0.png", folder / "1.png")
        picture.write(folder / "2.png", np.zeros_like(picture.read(folder / "2.png")))
    learns = {"steps": 120, "eval_every": 120, "optimiser": {"lr": 3e-3, "ema": 0.9}}
    metrics = run.run(recipe(triplets, **learns), tmp_path / "out", quiet=True)
    scores = metrics["validation"]
    assert scores["task"] == "interpolate"
    assert scores["mean"]["psnr_rgb"] > scores["baseline"]["psnr_rgb"] + 6
    row = json.loads((tmp_path / "out" / "metrics.jsonl").read_text().splitlines()[-1])
    assert row["psnr_rgb"] == pytest.approx(scores["mean"]["psnr_rgb"], abs=0.01)
    for name in ("curves.png", "samples.png"):
        assert picture.read(tmp_path / "out" / name).std() > 5, f"{name} is blank"


def test_every_term_takes_part_and_a_resumed_run_ends_at_the_same_bits(triplets: Path, rife: Path, tmp_path: Path):
    content = recipe(triplets, rife)
    run.run(content, tmp_path / "whole", quiet=True)
    row = json.loads((tmp_path / "whole" / "metrics.jsonl").read_text().splitlines()[-1])
    assert all(row[name] > 0 for name in ("laplacian", "soft", "flow", "feature", "privileged"))

    job, folder = run.make_ready(content, torch.device("cpu"), quiet=True), run.RunFolder(tmp_path / "parts")
    folder.start(content)
    job.material.fill(quiet=True)
    half = content.model_copy(update={"eval_every": 3})

    def stopped(step: int) -> Any:
        if step == 3:
            raise KeyboardInterrupt
        return job.material.batch(step)

    with pytest.raises(KeyboardInterrupt):
        run.train(half, job.training, stopped, job.material.watch, "psnr_rgb", folder, job.device, quiet=True)
    run.run(content, tmp_path / "parts", resume=True, quiet=True)
    whole, parts = (checkpoint.load(tmp_path / name).digest for name in ("whole", "parts"))
    assert whole == parts


def test_photos_alone_are_enough(tmp_path: Path):
    metrics = run.run(recipe(write_photos(tmp_path / "photos", 9, 96, 120)), tmp_path / "out", quiet=True)
    assert np.isfinite(metrics["validation"]["mean"]["psnr_rgb"])


def test_a_teacher_with_nothing_to_be_asked_about_is_refused(triplets: Path, rife: Path, tmp_path: Path):
    content = recipe(write_photos(tmp_path / "photos", 9, 136, 160), rife)
    with pytest.raises(BadInput, match=r"filmed triplets, and of 0 none is as large as data.patch=64"):
        run.run(content, tmp_path / "out", quiet=True)
    large = {"train": [str(triplets), str(tmp_path / "photos")], "patch": 128}
    with pytest.raises(BadInput, match=r"of [1-9]\d* none is as large as data.patch=128"):
        run.run(recipe(triplets, rife, data=large), tmp_path / "out", quiet=True)
    assert not (tmp_path / "out").exists()


def test_what_is_judged_on_is_not_trained_on(triplets: Path):
    content = recipe(triplets)
    job = run.make_ready(content, torch.device("cpu"), quiet=True)
    both = job.material._crops.filmed, job.material._val  # type: ignore[attr-defined]
    assert not {each.digest for each in both[0]} & {each.digest for each in both[1]}
    named = recipe(triplets, data={"train": [str(triplets)], "val": [str(triplets / "0")], "patch": 64})
    crops = run.make_ready(named, torch.device("cpu"), quiet=True).material._crops  # type: ignore[attr-defined]
    assert sorted(each.name for each in crops.filmed) == [str(index) for index in range(1, 9)]


def test_what_is_held_out_is_in_runs_so_that_neighbours_stay_together():
    kept, held_out = apart(list(range(640)))
    assert sorted([*kept, *held_out]) == list(range(640)) and len(held_out) == 80
    assert sum(item - 1 not in held_out for item in held_out) == 8


def test_a_teachers_answer_is_its_picture_and_its_motion(rife: Path):
    teacher = checkpoint.load(rife)
    asked = AskedInterpolator(teacher, ["fine"], torch.device("cpu"), amp=False)
    maps = asked(asked.blank())
    assert {name: array.shape for name, array in maps.items()} == {
        "picture": (3, 64, 64),
        MOTION: (5, 32, 32),
        "fine": (8, 16, 16),
    }
    assert {array.dtype for array in maps.values()} == {np.dtype(np.float16)}


def test_a_teacher_of_another_task_is_refused(triplets: Path, photos: Path, teacher: Path, rife: Path, tmp_path: Path):
    with pytest.raises(BadInput, match="is made to upscale, the student to interpolate"):
        run.run(recipe(triplets, teacher), tmp_path / "out", quiet=True)
    upscaler = recipe(photos, rife, student={"name": "sesr"}, loss=[{"name": "soft"}])
    with pytest.raises(BadInput, match="is made to interpolate, the student to upscale"):
        run.run(upscaler, tmp_path / "out", quiet=True)


@pytest.mark.parametrize("loss", [{"name": "flow"}, {"name": "privileged"}, {"name": "soft", "mask": 0.5}])
def test_a_loss_on_motion_is_refused_for_an_upscaler(photos: Path, teacher: Path, tmp_path: Path, loss: dict[str, Any]):
    with pytest.raises(BadInput, match=f"the loss '{loss['name']}' is for networks that interpolate"):
        run.run(recipe(photos, teacher, student={"name": "sesr"}, loss=[loss]), tmp_path / "out", quiet=True)
