"""A teacher that sees the truth: it is trained and scored with it, teaches, and cannot run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from commands import pocketlens
from pocketlens.core import checkpoint
from pocketlens.core.errors import BadInput
from pocketlens.distill import run
from pocketlens.distill.recipe import Recipe
from runs import recipe, write_teacher

LOSSES = [{"name": "pixel"}, {"name": "imitation", "weight": 0.01}]
HOURGLASS = {"name": "pisr", "features": 4, "depth": 1}


def trained(content: dict[str, Any], out: Path) -> dict[str, Any]:
    return run.run(Recipe.model_validate(content), out, quiet=True)


def test_it_is_shown_the_truth_beside_the_small_picture(photos: Path, tmp_path: Path):
    content = Recipe.model_validate(recipe(photos, student=HOURGLASS, loss=LOSSES))
    target = run.make_ready(content, torch.device("cpu"), quiet=True).material.batch(0).target
    assert [tuple(given.shape) for given in target.inputs] == [(2, 1, 16, 16), (2, 1, 32, 32)]
    assert target.inputs[1] is target.picture
    assert trained(recipe(photos, student=HOURGLASS, loss=LOSSES), tmp_path / "out")["steps"] == 30


def test_its_features_teach_a_student(photos: Path, tmp_path: Path):
    teacher = write_teacher(tmp_path / "pisr", "pisr", features=4, depth=1)
    losses = [{"name": "pixel"}, {"name": "feature", "pairs": {"mapped": "mapped"}}]
    metrics = trained(recipe(photos, teacher, student={"name": "fsrcnn"}, loss=losses), tmp_path / "student")
    assert metrics["teacher"]["name"] == str(teacher)


def test_a_student_may_start_as_its_decoder(photos: Path, tmp_path: Path):
    teacher = write_teacher(tmp_path / "pisr", "pisr", seed=5, features=4, depth=1)
    content = Recipe.model_validate(recipe(photos, student={"name": "fsrcnn"}, start=str(teacher)))
    student = run.make_ready(content, torch.device("cpu"), quiet=True).training.student.network
    torch.testing.assert_close(
        student.state_dict(), checkpoint.load(teacher).network.get_submodule("decoder").state_dict()
    )


def test_a_student_of_another_kind_may_not(photos: Path, tmp_path: Path):
    teacher = write_teacher(tmp_path / "pisr", "pisr", features=4, depth=1)
    content = Recipe.model_validate(recipe(photos, student={"name": "sesr"}, start=str(teacher)))
    with pytest.raises(BadInput, match=r"holds pisr with .*, not this recipe's student"):
        run.make_ready(content, torch.device("cpu"), quiet=True)


def test_it_is_scored_and_cannot_be_exported(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    teacher = write_teacher(tmp_path / "pisr", "pisr", features=4, depth=1)
    assert pocketlens("distill", "eval", teacher, "--data", photos, "-q") == 0
    assert pocketlens("export", "onnx", teacher, "-o", tmp_path / "it.onnx") == 2
    assert "sees the picture that it is to make" in capsys.readouterr().err
