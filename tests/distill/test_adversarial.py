"""A discriminator beside the student: each learns from its own loss, and a run with both resumes to the bit."""

from __future__ import annotations

import math
import signal
from pathlib import Path
from typing import Any

import backbones
import pytest
import torch
from pocketlens.core.catalog import LOSSES
from pocketlens.core.errors import BadInput
from pocketlens.core.files import sha256
from pocketlens.distill import loop, run
from pocketlens.distill.batch import Target
from pocketlens.distill.discriminators import DISCRIMINATORS
from pocketlens.distill.loss import LossTerm
from pocketlens.distill.losses.adversarial import relativistic
from pocketlens.distill.recipe import LossChoice, Recipe
from pocketlens.distill.taps import Outputs
from runs import recipe, write_photos

KINDS = sorted(DISCRIMINATORS)


def term(kind: str, side: int = 64, **options: Any) -> LossTerm:
    choice = LossChoice(name="adversarial", discriminator=kind, features=4, **options)  # type: ignore[call-arg]
    built = LOSSES.get("adversarial").build(choice.loss_options())
    torch.manual_seed(0)
    built.fit(Outputs(torch.zeros(1, 3, side, side), {}), None)
    return built


def both(side: int = 64) -> tuple[Outputs, Target]:
    """What a student made, smooth, and a truth that is not."""
    torch.manual_seed(1)
    made = torch.nn.functional.interpolate(torch.rand(4, 3, side // 8, side // 8), (side, side), mode="bilinear")
    return Outputs(made.requires_grad_(), {}), Target(torch.rand(4, 3, side, side), ())


def test_the_relativistic_loss_is_its_definition():
    above, below = torch.tensor([2.0, 0.0]), torch.tensor([-1.0, 0.5, 1.0])
    higher = [-math.log(1 / (1 + math.exp(-(a - below.mean().item())))) for a in above.tolist()]
    lower = [-math.log(1 - 1 / (1 + math.exp(-(b - above.mean().item())))) for b in below.tolist()]
    wanted = (sum(higher) / 2 + sum(lower) / 3) / 2
    assert relativistic(above, below).item() == pytest.approx(wanted, rel=1e-5)
    assert relativistic(above, above[:1].expand(2)).item() != pytest.approx(math.log(2))
    assert relativistic(torch.zeros(3), torch.zeros(2)).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("kind", KINDS)
def test_the_students_turn_leaves_nothing_in_the_discriminator_and_the_other_way_round(kind: str):
    adversarial, (made, target) = term(kind), both()
    rival = adversarial.rival()
    assert rival is not None
    adversarial(made, None, target).backward()
    assert made.picture.grad is not None and made.picture.grad.abs().sum() > 0
    assert all(weight.grad is None and weight.requires_grad for weight in rival.parameters())
    made.picture.grad = None
    adversarial.contest(made.detached(), None, target).backward()
    assert made.picture.grad is None
    # Logits count relatively, so the last layer's bias has no gradient.
    grads = [weight.grad for weight in rival.parameters() if weight.ndim > 1]
    assert all(grad is not None and grad.abs().sum() > 0 for grad in grads)


@pytest.mark.parametrize("kind", KINDS)
def test_the_discriminator_learns_to_tell_made_from_true(kind: str):
    adversarial, (made, target) = term(kind), both()
    rival = adversarial.rival()
    assert rival is not None
    optimiser = torch.optim.Adam(rival.parameters(), lr=2e-3)
    before = adversarial(made, None, target).item()
    for _ in range(25):
        optimiser.zero_grad()
        adversarial.contest(made.detached(), None, target).backward()
        optimiser.step()
    assert adversarial.contest(made, None, target).item() < 0.3, "it can hardly tell them apart"
    assert adversarial(made, None, target).item() > before + 0.5, "and the student is not told"


def test_the_teachers_pictures_can_be_the_wanted_ones():
    adversarial, (made, target) = term("unet", to="teacher"), both()
    assert adversarial.needs_teacher
    teacher = Outputs(target.picture[:2].flip(3), {})
    taught = term("unet")(made.first(2), None, Target(teacher.picture, ()))
    torch.testing.assert_close(adversarial(made, teacher, target), taught)


def test_crops_too_small_for_the_discriminator_are_refused_before_a_run(photos: Path, tmp_path: Path):
    content = recipe(photos, loss=[{"name": "adversarial", "discriminator": "vgg"}])
    with pytest.raises(BadInput, match="judges pictures of 64 px or more, and crops become 32"):
        run.run(Recipe.model_validate(content), tmp_path / "out", quiet=True)
    assert not (tmp_path / "out").exists()


@pytest.fixture
def content(tmp_path: Path) -> dict[str, Any]:
    """A recipe of ESRGAN's second stage, with both discriminators."""
    backbone = backbones.write(tmp_path / "squeezenet.pth", backbones.squeezenet())
    losses = [
        {"name": "pixel", "weight": 0.01},
        {"name": "perceptual", "backbone": str(backbone), "layers": {"conv1": 0.1, "fire3": 1.0}},
        {"name": "adversarial", "weight": 0.005, "features": 4},
        {"name": "adversarial", "weight": 0.005, "features": 4, "discriminator": "vgg"},
    ]
    photos = write_photos(tmp_path / "large", 9, 80, 88)
    data = {"train": [str(photos)], "patch": 32}
    return recipe(photos, steps=12, eval_every=4, loss=losses, data=data, optimiser={"ema": 0.9})


def ready(content: dict[str, Any]) -> run.Job:
    return run.make_ready(Recipe.model_validate(content), torch.device("cpu"), quiet=True)


def test_each_optimiser_holds_its_own(content: dict[str, Any]):
    training = ready(content).training
    assert training.against is not None
    ours, theirs = (
        {id(weight) for group in optimiser.param_groups for weight in group["params"]}
        for optimiser in (training.optimiser, training.against)
    )
    assert ours == {id(weight) for weight in training.student.network.parameters()}
    assert theirs == {id(weight) for weight in training.losses.parameters()} and theirs


def test_the_discriminators_change_nothing_of_the_average_but_through_the_student(content: dict[str, Any]):
    job = ready(content)
    training = job.training
    terms: list[str] = []
    for decay in (1 / 10, 2 / 11):
        before = [weight.clone() for weight in training.average.parameters()]
        rivals = [weight.clone() for weight in training.losses.rivals() if weight.ndim > 1]
        terms = [*loop.one_step(job.recipe, training, job.material.batch(training.step), amp=False).terms]
        weights = training.student.network.parameters()
        for mean, old, new in zip(training.average.parameters(), before, weights, strict=True):
            torch.testing.assert_close(mean, decay * old + (1 - decay) * new)
        learned = [weight for weight in training.losses.rivals() if weight.ndim > 1]
        assert not any(torch.equal(old, new) for old, new in zip(rivals, learned, strict=True))
    assert terms == ["pixel", "perceptual", *(f"adversarial{which}" for which in ("", "-2", " rival", "-2 rival"))]


def test_a_run_that_stops_and_goes_on_is_the_same_to_the_bit(content: dict[str, Any], tmp_path: Path, monkeypatch: Any):
    chosen = Recipe.model_validate(content)
    run.run(chosen, tmp_path / "straight", quiet=True)
    original = run.make_ready

    def interrupted(*arguments: Any) -> run.Job:
        job = original(*arguments)
        batch = job.material.batch

        def batches(step: int) -> Any:
            if step == 6:
                signal.raise_signal(signal.SIGINT)
            return batch(step)

        job.material.batch = batches  # type: ignore[method-assign]
        return job

    monkeypatch.setattr(run, "make_ready", interrupted)
    with pytest.raises(KeyboardInterrupt, match="interrupted at step 7"):
        run.run(chosen, tmp_path / "parts", quiet=True)
    monkeypatch.setattr(run, "make_ready", original)
    run.run(chosen, tmp_path / "parts", resume=True, quiet=True)
    one, other = (torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("straight", "parts"))
    for part in ("student", "average", "losses"):
        assert one[part].keys() == other[part].keys()
        assert all(torch.equal(one[part][key], other[part][key]) for key in one[part]), part
    assert not any("backbone" in key for key in one["losses"]), "a backbone is kept with every state"
    assert sha256(tmp_path / "straight" / "weights.safetensors") == sha256(tmp_path / "parts" / "weights.safetensors")


def test_bfloat16_trains_both(content: dict[str, Any]):
    job = ready(content)
    step = loop.one_step(job.recipe, job.training, job.material.batch(0), amp=True)
    assert torch.isfinite(step.loss) and torch.isfinite(step.gradient)
    assert all(torch.isfinite(weight).all() for weight in job.training.losses.rivals())
