"""Where a run starts, and what of its student is kept still."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from pocketlens.core.errors import BadInput
from pocketlens.distill import loop, run
from pocketlens.distill.recipe import Recipe
from runs import PLAIN, recipe, write_teacher
from torch import Tensor

SMALL = {"d": 6, "s": 4, "m": 1}


def ready(photos: Path, start: Path, student: dict[str, Any]) -> run.Job:
    data = {"train": [str(photos)], "patch": 8}
    content = recipe(photos, student=student, start=str(start), loss=PLAIN, data=data)
    return run.make_ready(Recipe.model_validate(content), torch.device("cpu"), quiet=True)


def weights(job: run.Job) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in job.training.student.network.state_dict().items()}


def fsrcnn_x2(folder: Path) -> Path:
    return write_teacher(folder / "x2", "fsrcnn", seed=5, scale=2, **SMALL)


def test_a_change_of_scale_trains_only_the_head(photos: Path, tmp_path: Path):
    start = fsrcnn_x2(tmp_path)
    job = ready(photos, start, {"name": "fsrcnn", "scale": 3, "freeze": "body", **SMALL})
    before = weights(job)
    for step in range(3):
        loop.one_step(job.recipe, job.training, job.material.batch(step), amp=False)
    moved = {name for name, value in weights(job).items() if not torch.equal(value, before[name])}
    assert moved == {"head.weight", "head.bias"}
    average = job.training.average.state_dict()
    assert all(torch.equal(average[name], value) for name, value in before.items() if name not in moved)


@pytest.mark.parametrize(("name", "options"), [("fsrcnn", SMALL), ("sesr", {"channels": 4, "blocks": 1, "width": 8})])
def test_the_body_is_that_of_the_other_scale_and_the_head_is_new(
    photos: Path, tmp_path: Path, name: str, options: dict[str, Any]
):
    start = write_teacher(tmp_path / "x2", name, seed=5, scale=2, **options)
    job = ready(photos, start, {"name": name, "scale": 4, **options})
    taken = run.load_start(job.recipe)
    fresh = ready(photos, Path("none"), {"name": name, "scale": 4, **options})
    assert taken is not None
    given, new, head = taken.network.state_dict(), weights(fresh), job.recipe.student_spec().head
    for key, value in weights(job).items():
        torch.testing.assert_close(value, (new if key.startswith(f"{head}.") else given)[key], atol=0, rtol=0)


def test_at_its_own_scale_it_is_taken_whole(photos: Path, tmp_path: Path):
    start = fsrcnn_x2(tmp_path)
    job = ready(photos, start, {"name": "fsrcnn", "scale": 2, **SMALL})
    taken = run.load_start(job.recipe)
    assert taken is not None
    for key, value in weights(job).items():
        torch.testing.assert_close(value, taken.network.state_dict()[key], atol=0, rtol=0)


def test_a_start_that_differs_in_more_than_scale_is_refused(photos: Path, tmp_path: Path):
    wider = {"name": "fsrcnn", "scale": 3, **SMALL, "d": 8}
    with pytest.raises(BadInput, match=r"holds fsrcnn with Options\(scale=2, d=6.*not this recipe's student"):
        ready(photos, fsrcnn_x2(tmp_path), wider)


def test_what_changes_no_weight_may_differ(photos: Path, tmp_path: Path):
    start = write_teacher(tmp_path / "whole", "ifnet_lite", coarse=2)
    content = recipe(photos, student={"name": "ifnet_lite", "coarse": 2, "halvings": 1}, start=str(start), loss=PLAIN)
    assert run.load_start(Recipe.model_validate(content))
    wider = {**content, "student": {"name": "ifnet_lite", "coarse": 3, "halvings": 1}}
    with pytest.raises(BadInput, match="not this recipe's student"):
        run.load_start(Recipe.model_validate(wider))


def test_a_network_without_a_head_cannot_be_frozen_but_for_it(photos: Path, tmp_path: Path):
    options = {"scale": 2, "features": 4, "growth": 2, "blocks": 1}
    with pytest.raises(BadInput, match=r"student\.freeze = body: this student has no head"):
        ready(photos, write_teacher(tmp_path / "rrdb"), {"name": "esrgan", "freeze": "body", **options})
