"""Every loss in the catalog, and what each one means."""

from __future__ import annotations

import math
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import backbones
import pytest
import torch
from pocketlens.core.catalog import LOSSES
from pocketlens.core.errors import BadInput
from pocketlens.core.facts import Sampling
from pocketlens.core.motion import Motion, fuse
from pocketlens.distill.batch import Target
from pocketlens.distill.loss import LossTerm, WeightedSum
from pocketlens.distill.losses.feature import affinity, attention
from pocketlens.distill.losses.laplacian import pyramid_distance
from pocketlens.distill.losses.pixel import distance
from pocketlens.distill.recipe import LossChoice
from pocketlens.distill.taps import Outputs

BACKBONE = backbones.write(Path(tempfile.mkdtemp(prefix="pocketlens-tests-")) / "a.pth", backbones.squeezenet())
BY_SIGHT: dict[str, Any] = {"backbone": str(BACKBONE)}
# The options that each loss must be tried with; a loss without a line here is tried with its defaults.
TRIED: dict[str, list[dict[str, Any]]] = {
    "pixel": [{"norm": norm} for norm in ("l1", "l2", "charbonnier")],
    "soft": [{"alpha": 0.5}, {"alpha": 1.0}, {"mask": 0.1}],
    "feature": [{"kind": kind, "pairs": {"own": "other"}} for kind in ("hint", "attention", "affinity")],
    "perceptual": [BY_SIGHT, {**BY_SIGHT, "layers": {"conv1": 0.1, "fire5": 1}, "to": "teacher"}],
    "adversarial": [{"features": 4}, {"features": 4, "to": "teacher"}],
}
# What is left where the student is the teacher and the truth; of a loss without a line here, nothing.
FLOORS = {"charbonnier": 1e-3, "adversarial": math.log(2)}
CASES = [(name, options) for name in LOSSES.names() for options in TRIED.get(name, [{}])]


def outputs(seed: int, tap: str, channels: int = 4, side: int = 6) -> Outputs:
    generator = torch.Generator().manual_seed(seed)

    def rand(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator)

    motion = Motion(*(rand(2, count, 32, 32).requires_grad_() for count in (2, 2, 1)))
    picture = rand(2, 3, 32, 32).requires_grad_()
    taps = {tap: rand(2, channels, side, side).requires_grad_(), "code": rand(2, 3, 32, 32).requires_grad_()}
    return Outputs(picture, taps, (motion,))


def target(picture: torch.Tensor) -> Target:
    """The picture, between two others."""
    return Target(picture.detach(), (picture.detach().flip(3), picture.detach().flip(2), torch.tensor([0.5, 0.25])))


def build(name: str, options: dict[str, Any], student: Outputs, teacher: Outputs) -> LossTerm:
    torch.manual_seed(0)
    term = LOSSES.get(name).build(LossChoice(name=name, **options).loss_options())
    term.fit(student, teacher)
    return term


def adapters(term: LossTerm) -> list[torch.nn.Parameter]:
    """All but what is trained against the student."""
    rival = term.rival()
    theirs = {id(weight) for weight in rival.parameters()} if rival else set()
    return [weight for weight in term.parameters() if id(weight) not in theirs]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_it_is_nothing_when_the_student_is_the_teacher_and_the_truth(name: str, options: dict[str, Any]):
    # In one colour, so that what is fetched from anywhere is the truth too.
    flat = torch.full((2, 3, 32, 32), 0.5)
    made = (outputs(0, tap) for tap in ("own", "other"))
    student, teacher = (replace(one, picture=flat, taps={**one.taps, "code": flat}) for one in made)
    term = build(name, options, student, teacher)
    for weight in adapters(term):
        torch.nn.init.dirac_(weight) if weight.ndim == 4 else torch.nn.init.zeros_(weight)
    floor = FLOORS.get(options.get("norm", name), 0)
    assert term(student, teacher, target(teacher.picture)).item() == pytest.approx(floor, abs=1e-6)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_it_sends_gradients_to_the_student_and_to_its_adapters(name: str, options: dict[str, Any]):
    student, teacher = outputs(0, "own"), outputs(1, "other", channels=7, side=9)
    term = build(name, options, student, teacher)
    for weight in adapters(term):
        torch.nn.init.normal_(weight, std=0.1)
    value = term(student, teacher, target(outputs(2, "own").picture))
    assert value.ndim == 0 and value > 0
    value.backward()
    given = [student.picture, *student.taps.values(), *student.motions[0]]
    assert any(part.grad is not None and part.grad.abs().sum() > 0 for part in given)
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in adapters(term))


@pytest.mark.parametrize("sampling", get_args(Sampling))
def test_motion_is_not_better_than_the_students_for_being_fetched_otherwise(sampling: Sampling):
    """A teacher of the student's own motion has nothing to tell."""
    student, told = outputs(0, "own"), target(outputs(2, "own").picture)
    before, after = told.inputs[:2]
    picture = fuse(before, after, student.motions[-1], sampling).detach()
    student = replace(student, picture=picture, sampling=sampling)
    assert build("flow", {}, student, student)(student, student, told).item() == 0
    privileged = build("privileged", {"flow": 1.0}, student, student)
    followed = privileged(student, None, told) - pyramid_distance(picture, told.picture, 5)
    assert followed.item() == pytest.approx(0, abs=1e-6), "at its start the block corrects nothing"


def test_distances_are_their_definitions():
    a, b = torch.tensor([0.0, 0.0]), torch.tensor([3.0, -1.0])
    assert distance(a, b, "l1") == 2
    assert distance(a, b, "l2") == 5
    assert distance(a, a, "charbonnier").item() == pytest.approx(1e-3)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_alpha_is_the_share_of_the_teacher(alpha: float):
    student, teacher, truth = outputs(0, "own"), outputs(1, "other"), torch.rand(2, 3, 32, 32)
    value = build("soft", {"alpha": alpha, "norm": "l2"}, student, teacher)(student, teacher, target(truth))
    to_teacher, to_truth = ((student.picture - other).square().mean() for other in (teacher.picture, truth))
    torch.testing.assert_close(value, alpha * to_teacher + (1 - alpha) * to_truth)


def test_attention_and_affinity_do_not_ask_for_the_number_of_channels_or_the_scale_of_features():
    features = torch.rand(2, 3, 4, 5)
    torch.testing.assert_close(attention(7 * features.repeat(1, 4, 1, 1)), attention(features))
    torch.testing.assert_close(affinity(7 * features.repeat(1, 4, 1, 1)), affinity(features))
    assert affinity(features).shape == (2, 20, 20)
    torch.testing.assert_close(affinity(features).diagonal(dim1=1, dim2=2), torch.ones(2, 20))


def test_a_hint_does_not_depend_on_the_scale_of_the_teachers_features():
    student, teacher = outputs(0, "own"), outputs(1, "other")
    term = build("feature", {"pairs": {"own": "other"}}, student, teacher)
    for weight in term.parameters():
        torch.nn.init.zeros_(weight)
    loud = Outputs(teacher.picture, {"other": 100 * teacher.taps["other"]})
    torch.testing.assert_close(
        term(student, loud, target(teacher.picture)), term(student, teacher, target(teacher.picture))
    )


def test_the_sum_weighs_its_terms_and_tells_two_of_a_kind_apart():
    choices = [LossChoice(name="pixel", norm="l1"), LossChoice(name="pixel", norm="l2", weight=3)]  # type: ignore[call-arg]
    student, truth = outputs(0, "own"), target(torch.rand(2, 3, 32, 32))
    total, terms = WeightedSum(choices, has_teacher=False, task="upscale")(student, None, truth)
    assert list(terms) == ["pixel", "pixel-2"]
    torch.testing.assert_close(total, terms["pixel"] + 3 * terms["pixel-2"])


def test_adapters_are_part_of_what_is_saved():
    pairs: Any = {"own": "other"}
    losses = WeightedSum([LossChoice(name="feature", pairs=pairs)], has_teacher=True, task="upscale")  # type: ignore[call-arg]
    assert (losses.student_taps, losses.teacher_taps) == ({"own"}, {"other"})
    losses.fit(outputs(0, "own", channels=4), outputs(1, "other", channels=7))
    assert {name: tuple(value.shape) for name, value in losses.state_dict().items()} == {
        "terms.0.adapters.own.weight": (7, 4, 1, 1),
        "terms.0.adapters.own.bias": (7,),
    }


def test_a_loss_that_needs_a_teacher_is_refused_without_one():
    with pytest.raises(BadInput, match="the loss 'soft' needs a teacher"):
        WeightedSum([LossChoice(name="soft")], has_teacher=False, task="upscale")


def test_a_perceptual_loss_is_a_share_of_the_features_of_the_wanted_picture():
    """So that one weight serves backbones whose features are of any size."""
    student, teacher, truth = outputs(0, "own"), outputs(1, "other"), target(outputs(2, "own").picture)
    state = backbones.squeezenet()
    loud = backbones.write(BACKBONE.with_name("loud.pth"), {key: 100 * value for key, value in state.items()})
    layers = {"conv1": 1.0}
    values = [
        build("perceptual", {"backbone": str(path), "layers": layers}, student, teacher)(student, None, truth)
        for path in (BACKBONE, loud)
    ]
    torch.testing.assert_close(*values)


def test_a_perceptual_loss_needs_a_backbone_and_layers_that_it_has():
    for options, message in (({}, "needs backbone"), ({**BY_SIGHT, "layers": {"conv9": 1}}, "no layer 'conv9'")):
        with pytest.raises(BadInput, match=message):
            build("perceptual", options, outputs(0, "own"), outputs(1, "other"))


def test_feature_without_pairs_is_bad_input():
    with pytest.raises(BadInput, match="needs pairs"):
        WeightedSum([LossChoice(name="feature")], has_teacher=True, task="upscale")
