"""The loop: it learns, averages, clips, and can be stopped."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pocketlens.core import picture
from pocketlens.core.errors import BadInput
from pocketlens.distill import loop, run
from pocketlens.distill import recipe as recipes
from pocketlens.distill.recipe import Recipe
from runs import recipe


def loaded(content: dict[str, Any]) -> Recipe:
    return Recipe.model_validate(content)


def ready(content: dict[str, Any]) -> run.Job:
    return run.make_ready(loaded(content), torch.device("cpu"), quiet=True)


LEARNS = {"steps": 150, "eval_every": 10, "optimiser": {"lr": 5e-3, "warmup": 10, "ema": 0.95}}


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_plain_run_learns_and_leaves_a_complete_folder(photos: Path, tmp_path: Path):
    content = loaded(recipe(photos, **LEARNS))
    metrics = run.run(content, tmp_path / "out", quiet=True)
    curve = rows(tmp_path / "out")
    assert [row["step"] for row in curve] == list(range(10, 151, 10))
    assert curve[-1]["psnr_y"] > curve[0]["psnr_y"] + 1
    assert curve[-1]["pixel"] < 0.8 * curve[0]["pixel"]
    assert metrics["validation"]["mean"]["psnr_y"] == pytest.approx(curve[-1]["psnr_y"], abs=0.01)
    assert metrics["teacher"] is None
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["parameters"] == metrics["parameters"]
    for name in ("curves.png", "samples.png"):
        assert picture.read(tmp_path / "out" / name).std() > 5, f"{name} is blank"
    assert recipes.load(str(tmp_path / "out" / "recipe.toml")) == content


def test_a_student_learns_from_the_teacher_alone(photos: Path, tmp_path: Path):
    run.run(loaded(recipe(photos, **LEARNS)), tmp_path / "teacher", quiet=True)
    losses = [{"name": "soft", "alpha": 1.0}, {"name": "feature", "pairs": {"trunk": "trunk"}, "weight": 1e-3}]
    content = loaded(recipe(photos, tmp_path / "teacher", **LEARNS, loss=losses, seed=1))
    metrics = run.run(content, tmp_path / "student", quiet=True)
    curve = rows(tmp_path / "student")
    assert curve[-1]["psnr_y"] > curve[0]["psnr_y"] + 0.7
    assert curve[-1]["soft"] < 0.7 * curve[0]["soft"]
    assert curve[-1]["feature"] < 0.8 * curve[0]["feature"]
    assert metrics["teacher"]["weights_sha256"]
    reached = json.loads((tmp_path / "teacher" / "metrics.json").read_text())["validation"]["mean"]
    assert metrics["teacher"]["validation"] == pytest.approx(reached, abs=1e-3)


def test_the_average_follows_closely_at_first_and_then_by_its_decay(photos: Path):
    job = ready(recipe(photos, optimiser={"ema": 0.5}))
    training = job.training
    for decay in (1 / 10, 2 / 11, 3 / 12):
        before = [weight.clone() for weight in training.average.parameters()]
        loop.one_step(job.recipe, training, job.material.batch(training.step), amp=False)
        for mean, old, new in zip(
            training.average.parameters(), before, training.student.network.parameters(), strict=True
        ):
            torch.testing.assert_close(mean, decay * old + (1 - decay) * new)
    training.step = 10_000
    before = [weight.clone() for weight in training.average.parameters()]
    loop.one_step(job.recipe, training, job.material.batch(0), amp=False)
    weights = training.student.network.parameters()
    for mean, old, new in zip(training.average.parameters(), before, weights, strict=True):
        torch.testing.assert_close(mean, 0.5 * old + 0.5 * new)


def test_the_optimiser_holds_student_and_adapters(photos: Path, teacher: Path):
    training = ready(recipe(photos, teacher)).training
    held = {id(weight) for group in training.optimiser.param_groups for weight in group["params"]}
    adapters = list(training.losses.parameters())
    assert len(adapters) == 2
    assert held == {id(weight) for weight in [*training.student.network.parameters(), *adapters]}


def test_bfloat16_trains_too(photos: Path):
    job = ready(recipe(photos))
    step = loop.one_step(job.recipe, job.training, job.material.batch(0), amp=True)
    assert torch.isfinite(step.loss) and torch.isfinite(step.gradient)
    assert {weight.dtype for weight in job.training.student.network.parameters()} == {torch.float32}


def test_a_loss_that_explodes_stops_the_run_and_keeps_the_last_good_state(photos: Path, tmp_path: Path):
    content = loaded(recipe(photos, steps=40, eval_every=10))
    job, folder = run.make_ready(content, torch.device("cpu"), quiet=True), run.RunFolder(tmp_path / "out")
    folder.start(content)

    def batches(step: int) -> Any:
        batch = job.material.batch(step)
        if step >= 14:
            batch.target.inputs[0].fill_(float("nan"))
        return batch

    with pytest.raises(BadInput, match=r"no longer finite at step 20; .*lower --set optimiser.lr"):
        loop.train(content, job.training, batches, lambda network: 0.0, "psnr_y", folder, job.device, quiet=True)
    state = folder.load_state()
    assert state is not None and state["step"] == 10


def test_one_interrupt_saves_the_step_under_way(photos: Path, tmp_path: Path):
    content = loaded(recipe(photos, steps=40, eval_every=10))
    job, folder = run.make_ready(content, torch.device("cpu"), quiet=True), run.RunFolder(tmp_path / "out")
    folder.start(content)

    def batches(step: int) -> Any:
        if step == 13:
            signal.raise_signal(signal.SIGINT)
        return job.material.batch(step)

    with pytest.raises(KeyboardInterrupt, match="interrupted at step 14; go on with --resume"):
        loop.train(content, job.training, batches, lambda network: 0.0, "psnr_y", folder, job.device, quiet=True)
    state = folder.load_state()
    assert state is not None and state["step"] == 14


def test_cuda_is_refused_where_there_is_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(run.MachineCannot, match="no CUDA device here"):
        run.pick_device("cuda")
    assert run.pick_device("auto") == torch.device("cpu")
    with pytest.raises(BadInput, match="unknown device 'gpu'"):
        run.pick_device("gpu")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_it_trains_on_cuda(photos: Path, teacher: Path, tmp_path: Path):
    metrics = run.run(loaded(recipe(photos, teacher, amp=True)), tmp_path / "out", "cuda", quiet=True)
    assert np.isfinite(metrics["validation"]["mean"]["psnr_y"])
