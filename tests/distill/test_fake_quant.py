"""Training in imitated int8: the arithmetic, the ranges, and the run that comes of it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from pocketlens.core import checkpoint
from pocketlens.core.errors import BadInput
from pocketlens.distill import recipe as recipes
from pocketlens.distill.fake_quant import imitate_int8, take_ranges
from pocketlens.distill.recipe import Recipe
from pocketlens.distill.run import run
from runs import PLAIN, recipe, write_recipe, write_teacher
from torch import nn

SESR = {"channels": 8, "blocks": 1, "width": 16}
FSRCNN = {"d": 8, "s": 4, "m": 1}


def quantized(photos: Path, start: Path, name: str = "sesr", **changes: Any) -> dict[str, Any]:
    """A recipe that trains a small student in imitated int8."""
    student = {"name": name, **(SESR if name == "sesr" else FSRCNN)}
    return recipe(photos, start=str(start), student=student, quantize={"processor": "cpu"}, loss=PLAIN, **changes)


@pytest.fixture
def start(tmp_path: Path) -> Path:
    return write_teacher(tmp_path / "start", "sesr", **SESR)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("transposed", [False, True])
def test_a_layer_computes_on_whole_numbers(signed: bool, transposed: bool):
    torch.manual_seed(0)
    kind = nn.ConvTranspose2d if transposed else nn.Conv2d
    network = nn.Sequential(kind(2, 3, 3)).double()
    weight, bias = network[0].weight.detach().clone(), network[0].bias.detach().clone()  # type: ignore[union-attr, operator]
    axes = (0, 2, 3) if transposed else (1, 2, 3)
    steps = weight.abs().amax(axes, keepdim=True) / 127
    low, high = -0.5, 1.5
    step = 1.5 / 127 if signed else 2.0 / 255
    zero = 0 if signed else round(0.5 / step)
    x = torch.rand(1, 2, 6, 6, dtype=torch.double) * 2 - 0.5
    whole = (x / step).round() + zero
    assert not signed or whole.abs().max() <= 127
    wanted = nn.functional.conv_transpose2d if transposed else nn.functional.conv2d
    expected = wanted(whole.clamp(*((-127, 127) if signed else (0, 255))) - zero, (weight / steps).round())
    scales = step * steps.flatten()
    imitate_int8(network, {"0": (low, high)}, signed)
    made = network.float().eval()(x.float())
    expected = expected * scales[:, None, None] + bias[:, None, None]
    torch.testing.assert_close(made, expected.float(), atol=1e-4, rtol=0)


def seen(network: nn.Module) -> tuple[float, float]:
    state = network.state_dict()
    return float(state["0.int8.low"]), float(state["0.int8.high"])


def test_ranges_are_the_widest_of_what_they_are_taken_from():
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU())
    imitate_int8(network, {"0": (0.0, 0.0)}, signed=False)
    take_ranges(network, [(torch.tensor([[[[-1.0, 3.0]]]]),), (torch.tensor([[[[0.5, 2.0]]]]),)])
    assert seen(network) == (-1, 3)
    network.train()(torch.tensor([[[[-9.0, 9.0]]]]))
    assert seen(network) == (-1, 3)


def test_gradients_reach_what_is_before_the_rounding_the_weights_and_the_range():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 1, 3))
    imitate_int8(network, {"0": (-0.1, 0.9), "2": (0.0, 0.5)}, signed=False)
    x = torch.rand(1, 1, 8, 8, requires_grad=True)
    network(x).sum().backward()
    assert x.grad is not None and (x.grad != 0)[x < 0.9].all() and not x.grad[x > 0.91].any(), "clipped is clipped"
    gradients = {name: float(one.grad.abs().max()) for name, one in network.named_parameters() if one.grad is not None}
    assert gradients.pop("2.int8.low") == 0, "what is never negative stays unsigned"
    assert len(gradients) == 7 and min(gradients.values()) > 0


def test_the_range_of_a_picture_stays():
    network = nn.Sequential(nn.Conv2d(1, 1, 1))
    imitate_int8(network, {"0": (0.0, 1.0)}, signed=False)
    network(torch.rand(1, 1, 4, 4)).sum().backward()
    grid = dict(network.named_parameters())
    assert grid["0.int8.low"].grad == 0 and grid["0.int8.high"].grad == 0


def test_a_range_that_clips_too_much_learns_to_widen():
    network = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False))
    imitate_int8(network, {"0": (0.0, 0.5)}, signed=False)
    network[0].weight.data.fill_(1.0)  # type: ignore[union-attr, operator]
    x = torch.rand(1, 1, 16, 16) * 2
    optimiser = torch.optim.Adam([dict(network.named_parameters())["0.int8.high"]], lr=0.02)
    for _ in range(150):
        optimiser.zero_grad()
        (network(x) - x).square().mean().backward()
        optimiser.step()
    assert 1.6 < seen(network)[1] < 2.1


def test_a_copy_has_ranges_of_its_own():
    network = nn.Sequential(nn.Conv2d(1, 1, 1))
    imitate_int8(network, {"0": (0.0, 1.0)}, signed=False)
    copied = deepcopy(network)
    take_ranges(copied, [(torch.full((1, 1, 2, 2), 5.0),)])
    assert (float(copied.state_dict()["0.int8.high"]), float(network.state_dict()["0.int8.high"])) == (5, 1)


def test_a_failure_inside_a_layer_leaves_convolutions_as_they_were():
    network = nn.Sequential(nn.Conv2d(1, 1, 3))
    imitate_int8(network, {"0": (0.0, 0.1)}, signed=False)
    with pytest.raises(RuntimeError):
        network(torch.zeros(1, 2, 8, 8))
    one = torch.full((1, 1, 1, 1), 0.123456)
    assert torch.conv2d(one, one) == one * one


def test_a_run_keeps_float_weights_and_the_ranges_they_were_trained_on(photos: Path, start: Path, tmp_path: Path):
    metrics = run(Recipe.model_validate(quantized(photos, start)), tmp_path / "out", quiet=True)
    trained = checkpoint.load(tmp_path / "out")
    assert trained.ranges.keys() == {"first", "body.0", "last"}
    assert trained.ranges["first"] == (0, 1), "black to white"
    assert trained.ranges["body.0"][0] == 0 < trained.ranges["body.0"][1], "it follows a ReLU"
    assert metrics["parameters"] == sum(one.numel() for one in trained.deployed().parameters())
    assert checkpoint.load(start).ranges == {}
    assert recipes.load(str(tmp_path / "out" / "recipe.toml")).quantize is not None


def test_scores_are_those_of_int8(photos: Path, start: Path, tmp_path: Path):
    content = Recipe.model_validate(quantized(photos, start))
    metrics = run(content, tmp_path / "out", quiet=True)
    curve = [line for line in (tmp_path / "out" / "metrics.jsonl").read_text().splitlines() if line]
    watched = float(curve[-1].split('"psnr_y": ')[1].split(",")[0])
    assert metrics["validation"]["mean"]["psnr_y"] == pytest.approx(watched, abs=0.005)


def test_a_run_that_is_resumed_goes_on_with_its_ranges(photos: Path, start: Path, tmp_path: Path):
    short = Recipe.model_validate(quantized(photos, start, steps=20, eval_every=20))
    run(short, tmp_path / "straight", quiet=True)
    run(short, tmp_path / "again", quiet=True)
    (tmp_path / "again" / "weights.safetensors").unlink()
    run(short, tmp_path / "again", resume=True, quiet=True)
    one, other = (checkpoint.load(tmp_path / name) for name in ("straight", "again"))
    assert one.ranges == other.ranges and one.digest == other.digest


@pytest.mark.parametrize(
    ("name", "table", "layers"),
    [
        ("sesr", {"processor": "tensorrt"}, {"body.0", "last"}),
        ("fsrcnn", {"processor": "cpu"}, {"map.0"}),
        ("fsrcnn", {"processor": "cpu", "picture": True}, {"extract.0", "shrink.0", "map.0", "expand.0", "head"}),
        ("fsrcnn", {"processor": "tensorrt", "picture": True}, {"shrink.0", "map.0", "expand.0", "head"}),
    ],
)
def test_the_layers_are_those_that_export_quantizes(
    photos: Path, tmp_path: Path, name: str, table: dict[str, Any], layers: set[str]
):
    begun = write_teacher(tmp_path / "begun", name, **(SESR if name == "sesr" else FSRCNN))
    content = quantized(photos, begun, name, steps=2, eval_every=2) | {"quantize": table}
    run(Recipe.model_validate(content), tmp_path / "out", quiet=True)
    assert checkpoint.load(tmp_path / "out").ranges.keys() == layers


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"quantize": {"procesor": "cpu"}},
            r"unknown key 'procesor' in \[quantize\] of .*; did you mean 'processor'\?",
        ),
        ({"quantize": {"processor": "gpu"}}, "quantize.processor: .*'cpu' or 'tensorrt'"),
        ({"start": "none"}, r"\[quantize\] needs trained weights to go on from; give them with --set start=RUN"),
        ({"amp": True}, r"\[quantize\] does not go with amp"),
        ({"student": {"name": "ifnet_lite"}}, r"\[quantize\] is for upscalers"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(tmp_path: Path, start: Path, changes: dict[str, Any], message: str):
    path = write_recipe(tmp_path / "mine.toml", quantized(tmp_path, start) | changes)
    with pytest.raises(BadInput, match=message) as refused:
        recipes.load(str(path))
    assert "\n" not in str(refused.value)
