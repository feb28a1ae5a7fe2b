"""The perceptual distance: nothing for equal pictures, more for worse ones, and LPIPS only where it is LPIPS."""

from __future__ import annotations

from pathlib import Path

import backbones
import cv2
import numpy as np
import pytest
import torch
from pocketlens.core.errors import BadInput
from pocketlens.distill.backbone import load_backbone
from pocketlens.distill.perceptual_distance import perceptual_distance
from scenes import scene
from shared_data import WEIGHTS, needs_shared
from torch.nn import functional as F

SEVEN = ["conv1", "fire3", "fire5", "fire6", "fire7", "fire8", "fire9"]
"""What LPIPS takes of SqueezeNet."""


@pytest.fixture
def backbone(tmp_path: Path) -> Path:
    return backbones.write(tmp_path / "squeezenet.pth", backbones.squeezenet())


def noisy(bgr: np.ndarray, level: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, level, bgr.shape)
    return np.clip(np.rint(bgr + noise), 0, 255).astype(np.uint8)


def test_equal_pictures_are_at_no_distance_and_it_does_not_matter_which_is_first(backbone: Path):
    distance, one = perceptual_distance(backbone), scene(0, 64, 80)
    assert distance(one, one) == 0
    other = noisy(one, 20)
    assert distance(one, other) == pytest.approx(distance(other, one)) and distance(one, other) > 0


def test_more_noise_is_further(backbone: Path):
    distance, truth = perceptual_distance(backbone), scene(0, 64, 80)
    near, far = (distance(noisy(truth, level), truth) for level in (4, 30))
    assert far > 2 * near


@pytest.mark.parametrize("fitted", [False, True])
def test_it_is_the_distance_of_the_paper(backbone: Path, tmp_path: Path, fitted: bool):
    one, other = scene(0, 48, 40), scene(1, 48, 40)
    linear = backbones.linear([8] * 7)
    file = backbones.write(tmp_path / "lin.pth", linear) if fitted else None
    seen = [torch.from_numpy(bgr[..., ::-1].transpose(2, 0, 1).astype(np.float32) / 255)[None] for bgr in (one, other)]
    features = [load_backbone(backbone)(picture, SEVEN) for picture in seen]
    wanted = 0.0
    for place, layer in enumerate(SEVEN):
        a, b = (F.relu(each[layer]) for each in features)
        one_way, other_way = (each / (each.norm(dim=1, keepdim=True) + 1e-10) for each in (a, b))
        square = (one_way - other_way) ** 2
        weight = linear[f"lin{place}.model.1.weight"] if fitted else torch.ones(1, 8, 1, 1)
        wanted += F.conv2d(square, weight).mean().item()
    assert perceptual_distance(backbone, file)(one, other) == pytest.approx(wanted, rel=1e-4)


def test_linear_layers_are_refused_beside_another_backbone(backbone: Path, tmp_path: Path):
    linear = backbones.write(tmp_path / "lin.pth", backbones.linear([8] * 7))
    caffe = backbones.write(tmp_path / "squeezenet_caffe.pth", backbones.squeezenet())
    vgg = backbones.write(tmp_path / "vgg19.pth", backbones.vgg19())
    for other in (caffe, vgg):
        with pytest.raises(BadInput, match="were fitted to torchvision's"):
            perceptual_distance(other, linear)
    for widths in ([8] * 5, [5] * 7):
        wrong = backbones.write(tmp_path / "wrong.pth", backbones.linear(widths))
        with pytest.raises(BadInput, match="does not hold the linear layers of LPIPS for"):
            perceptual_distance(backbone, wrong)


@needs_shared
def test_by_the_public_squeezenet_a_sharp_picture_is_nearer_than_a_blurred_one():
    """Blur, which PSNR hardly minds, against noise of the same PSNR, on which people mind blur more."""
    truth = cv2.imread(str(WEIGHTS.parent / "data" / "sr" / "Set14" / "baboon.png"))
    assert truth is not None
    blurred = cv2.GaussianBlur(truth, (0, 0), 1.5)
    level = float(np.sqrt(np.mean((blurred.astype(float) - truth) ** 2)))
    distance = perceptual_distance(WEIGHTS / "perceptual" / "squeezenet1_1_caffe.pth")
    assert distance(blurred, truth) > distance(noisy(truth, level), truth) > 0
