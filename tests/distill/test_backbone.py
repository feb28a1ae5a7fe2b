"""Backbones: recognised by names, seen through as their papers draw them, and never trained nor saved."""

from __future__ import annotations

from pathlib import Path

import backbones
import pytest
import torch
from pocketlens.core.errors import BadInput
from pocketlens.distill.backbone import load_backbone
from shared_data import WEIGHTS, needs_shared
from torch.nn import functional as F

FIRES = [f"fire{number}" for number in range(2, 10)]


@pytest.fixture
def squeezenet(tmp_path: Path) -> Path:
    return backbones.write(tmp_path / "squeezenet.pth", backbones.squeezenet())


@pytest.fixture
def vgg(tmp_path: Path) -> Path:
    return backbones.write(tmp_path / "vgg19.pth", backbones.vgg19())


def test_they_are_recognised_by_their_names(squeezenet: Path, vgg: Path):
    one, other = load_backbone(squeezenet), load_backbone(vgg)
    assert (one.name, [*one.layers]) == ("SqueezeNet 1.1", ["conv1", *FIRES])
    assert other.name == "VGG19" and len(other.layers) == 16
    assert other.layers[:3] == ("conv1_1", "conv1_2", "conv2_1") and other.layers[-1] == "conv5_4"


def test_the_layers_of_vgg_are_those_of_the_paper(vgg: Path):
    state, picture = backbones.vgg19(), torch.rand(2, 3, 64, 48)
    found = load_backbone(vgg)(picture, ["conv1_2", "conv2_1", "conv5_4"])
    mean, deviation = (torch.tensor(v).reshape(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))

    def conv(x: torch.Tensor, place: int) -> torch.Tensor:
        return F.conv2d(x, state[f"features.{place}.weight"], state[f"features.{place}.bias"], padding=1)

    x = conv(F.relu(conv((picture - mean) / deviation, 0)), 2)
    torch.testing.assert_close(found["conv1_2"], x)
    torch.testing.assert_close(found["conv2_1"], conv(F.max_pool2d(F.relu(x), 2), 5))
    assert found["conv5_4"].shape == (2, 8, 4, 3)


def test_the_modules_of_squeezenet_are_those_of_the_paper(squeezenet: Path):
    state, picture = backbones.squeezenet(), torch.rand(1, 3, 65, 70)
    found = load_backbone(squeezenet)(picture, ["conv1", "fire2", "fire9"])
    x = F.relu(found["conv1"])
    assert x.shape == (1, 8, 32, 34)
    x = F.max_pool2d(x, 3, 2, ceil_mode=True)

    def conv(x: torch.Tensor, name: str, padding: int = 0) -> torch.Tensor:
        return F.conv2d(x, state[f"features.3.{name}.weight"], state[f"features.3.{name}.bias"], padding=padding)

    squeezed = F.relu(conv(x, "squeeze"))
    wanted = torch.cat([conv(squeezed, "expand1x1"), conv(squeezed, "expand3x3", 1)], 1)
    torch.testing.assert_close(found["fire2"], wanted)
    assert found["fire9"].min() < 0, "after their activation"


def test_caffes_weights_see_blue_first_on_the_scale_of_bytes(squeezenet: Path, tmp_path: Path):
    state = backbones.squeezenet()
    caffe = load_backbone(backbones.write(tmp_path / "squeezenet_caffe.pth", state))
    picture = torch.rand(1, 3, 40, 40)
    seen = picture.flip(1) * 255 - torch.tensor((104.0, 117.0, 123.0)).reshape(1, 3, 1, 1)
    wanted = F.conv2d(seen, state["features.0.weight"], state["features.0.bias"], stride=2)
    torch.testing.assert_close(caffe(picture, ["conv1"])["conv1"], wanted)
    assert not torch.allclose(load_backbone(squeezenet)(picture, ["conv1"])["conv1"], wanted)


def test_luma_is_seen_as_the_grey_picture_that_it_is_of(squeezenet: Path):
    grey = torch.rand(1, 1, 40, 40)
    network = load_backbone(squeezenet)
    of_luma, of_rgb = (network(x, ["fire9"])["fire9"] for x in ((16 + 219 * grey) / 255, grey.expand(-1, 3, -1, -1)))
    torch.testing.assert_close(of_luma, of_rgb)


@pytest.mark.parametrize("side", [1, 8, 31])
def test_tiny_pictures_are_seen_too(squeezenet: Path, vgg: Path, side: int):
    for path, last in ((squeezenet, "fire9"), (vgg, "conv5_4")):
        features = load_backbone(path)(torch.rand(1, 3, side, side), [last])[last]
        assert features.numel() and torch.isfinite(features).all()


def test_it_is_neither_trained_nor_saved_and_lets_gradients_through(squeezenet: Path):
    network, picture = load_backbone(squeezenet), torch.rand(1, 3, 40, 40, requires_grad=True)
    assert not [*network.parameters()] and not network.state_dict()
    network(picture, ["fire9"])["fire9"].sum().backward()
    assert picture.grad is not None and picture.grad.abs().sum() > 0
    assert network.double()(picture.double(), ["conv1"])["conv1"].dtype == torch.float64


def test_what_is_no_backbone_is_refused(tmp_path: Path, squeezenet: Path):
    def refused(name: str, state: dict[str, torch.Tensor], message: str) -> None:
        with pytest.raises(BadInput, match=message):
            load_backbone(backbones.write(tmp_path / name, state))

    vgg, other = backbones.vgg19(), backbones.squeezenet()
    refused("a.pth", {"features.0.weight": vgg["features.0.weight"]}, "no backbone known here")
    refused("b.pth", {key: value for key, value in vgg.items() if "34" not in key}, "no backbone known here")
    del other["features.6.squeeze.bias"]
    refused("c.pth", other, "not its shapes")
    with pytest.raises(BadInput, match="no weights at"):
        load_backbone(tmp_path / "absent.pth")
    with pytest.raises(BadInput, match=r"SqueezeNet 1.1 has no layer 'fier9'; did you mean 'fire9'\?"):
        load_backbone(squeezenet).require(["fire2", "fier9"])


@needs_shared
def test_the_public_squeezenet_is_read():
    network = load_backbone(WEIGHTS / "perceptual" / "squeezenet1_1_caffe.pth")
    assert network.caffe
    features = network(torch.rand(1, 3, 64, 64), ["conv1", "fire5", "fire9"])
    assert [features[name].shape[1] for name in ("conv1", "fire5", "fire9")] == [64, 256, 512]
