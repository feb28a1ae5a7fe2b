"""The teacher is scored on the very pictures that its student is sealed with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import pocketlens
from pocketlens.core import checkpoint
from pocketlens.core.bundle import read
from pocketlens.distill.evaluate import Trial, degrader, shrinking
from pocketlens.distill.model import UpscalingModel, open_model
from pocketlens.distill.score_folder import score_folder
from runs import write_photos, write_teacher


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("data") / "photos", 3)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_teacher(tmp_path_factory.mktemp("teacher") / "large", "fsrcnn", d=8, s=4, m=1)


def write_student(folder: Path, teacher: Path | None, degradation: str = "bicubic") -> Path:
    """A run that says who taught it, and on what."""
    run = write_teacher(folder, "sesr", channels=4, blocks=1, width=4)
    record = teacher and {"name": str(teacher), "weights_sha256": checkpoint.load(teacher).digest}
    recipe = {"teacher": str(teacher or "none"), "data": {"degradation": degradation}}
    told = {"recipe": recipe, "teacher": record, "steps": 5, "seconds": 1.5}
    (run / "metrics.json").write_text(json.dumps(told))
    return run


def export(run: Path, *words: object) -> tuple[int, Path]:
    out = run.parent / "a.plens"
    fixed = ("--precisions", "fp32", "--seconds", 0, "--force")
    return pocketlens("export", "bundle", run, "-o", out, *fixed, *words), out


def test_its_scores_and_the_gap_are_sealed_on_every_set(teacher: Path, photos: Path, tmp_path: Path):
    code, out = export(write_student(tmp_path / "run", teacher), "--data", photos, "--quiet")
    assert code == 0
    quality = read(out).manifest.quality
    opened = open_model(str(teacher))
    assert isinstance(opened, UpscalingModel)
    expected = score_folder(opened, photos, quiet=True)["mean"]
    assert quality["photos"]["psnr_y_teacher"] == pytest.approx(expected["psnr_y"], abs=0.005)
    assert quality["photos"]["ssim_y_teacher"] == pytest.approx(expected["ssim_y"], abs=1e-4)
    for scores in (quality["photos"], quality["samples"]):
        gap = scores["psnr_y_teacher"] - scores["psnr_y_fp32"]
        assert scores["gap_to_teacher_fp32"] == pytest.approx(gap, abs=0.0011)


def test_one_that_enlarges_more_is_scored_on_its_students_worn_pictures(photos: Path, tmp_path: Path):
    teacher = write_teacher(tmp_path / "x4", "srvgg", scale=4, features=4, convs=1)
    code, out = export(write_student(tmp_path / "run", teacher, "real"), "--data", photos, "--quiet")
    assert code == 0
    opened = open_model(str(teacher))
    assert isinstance(opened, UpscalingModel)
    as_student = UpscalingModel(shrinking(opened.upscaler, 2), 2)
    expected = score_folder(as_student, photos, quiet=True, trial=Trial(degrader("real")))["mean"]
    quality = read(out).manifest.quality["photos"]
    assert quality["psnr_y_teacher"] == pytest.approx(expected["psnr_y"], abs=0.005)


def test_a_teacher_that_was_moved_is_named(teacher: Path, photos: Path, tmp_path: Path, capsys):
    run = write_student(tmp_path / "run", teacher)
    told = json.loads((run / "metrics.json").read_text())
    told["teacher"]["name"] = "/no/longer/here"
    (run / "metrics.json").write_text(json.dumps(told))
    code, out = export(run)
    error = capsys.readouterr().err
    assert code == 0 and "--teacher MODEL" in error and error.count("\n") == 1
    assert not [key for key in read(out).manifest.quality["samples"] if "teacher" in key]
    assert export(run, "--teacher", teacher)[0] == 0
    assert "psnr_y_teacher" in read(out).manifest.quality["samples"]


def test_other_weights_are_not_taken_for_the_teachers(teacher: Path, tmp_path: Path, capsys):
    run = write_student(tmp_path / "run", teacher)
    other = write_teacher(tmp_path / "other", "fsrcnn", seed=1, d=8, s=4, m=1)
    assert export(run, "--teacher", other)[0] == 2
    error = capsys.readouterr().err
    assert "and the run learned from" in error and error.count("\n") == 1


def test_a_student_of_the_truth_alone_has_no_teacher_to_name(teacher: Path, tmp_path: Path, capsys):
    run = write_student(tmp_path / "run", None)
    assert export(run, "--teacher", teacher)[0] == 2
    assert "leave --teacher out" in capsys.readouterr().err
    code, out = export(run)
    assert code == 0 and capsys.readouterr().err == ""
    assert not [key for key in read(out).manifest.quality["samples"] if "teacher" in key]
