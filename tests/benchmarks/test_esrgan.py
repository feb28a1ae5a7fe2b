"""ESRGAN's two stages next to FSRCNN, on tiny networks and pictures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import backbones
import esrgan
import pytest
from pocketlens.core import picture
from pocketlens.distill.backbone import load_backbone
from pocketlens.distill.perceptual_distance import perceptual_distance
from runs import recipe, write_photos, write_recipe, write_teacher
from scenes import scene

RRDB: dict[str, Any] = {"scale": 4, "features": 4, "growth": 2, "blocks": 1}
SEVEN = ["conv1", "fire3", "fire5", "fire6", "fire7", "fire8", "fire9"]
"""What LPIPS takes of SqueezeNet."""


@pytest.fixture
def backbone(tmp_path: Path) -> Path:
    return backbones.write(tmp_path / "squeezenet.pth", backbones.squeezenet())


def write_second(folder: Path, photos: Path, backbone: Path, layers: dict[str, float]) -> Path:
    """A run folder whose loss looked at some layers."""
    write_teacher(folder, seed=1, **RRDB)
    terms = [{"name": "pixel"}, {"name": "perceptual", "backbone": str(backbone), "layers": layers}]
    write_recipe(folder / "recipe.toml", recipe(photos, loss=terms))
    return folder


def test_every_way_is_scored_and_drawn(tmp_path: Path, backbone: Path, monkeypatch: pytest.MonkeyPatch):
    photos = write_photos(tmp_path / "set", count=2)
    first, other = write_teacher(tmp_path / "first", **RRDB), write_teacher(tmp_path / "other", "fsrcnn", scale=4)
    second = write_second(tmp_path / "second", photos, backbone, {"fire9": 1.0, "conv1": 0.1})
    monkeypatch.setattr(esrgan, "HERE", tmp_path / "benchmarks")
    monkeypatch.setattr(esrgan, "PHOTOGRAPHS", ("chelsea.png",))
    options = ["--first", first, "--second", second, "--fsrcnn", other, "--against", "sesr-x4", "--data", photos]
    options += ["--perceptual", backbone, "--alpha", 0.25, 0.75]
    monkeypatch.setattr(sys, "argv", ["esrgan.py", *map(str, options)])
    esrgan.main()
    text = (tmp_path / "benchmarks" / "results" / "esrgan-x4.json").read_text()
    found = json.loads(text)
    assert str(tmp_path) not in text and found["unseen"] == [f"fire{place}" for place in range(2, 9)]
    of_set = found["sets"]["set"]
    ways = ["bicubic", "other", "sesr-x4", "first stage", "blend 0.25", "blend 0.75", "second stage"]
    assert list(of_set) == ways and len({one["psnr_y"] for one in of_set.values()}) == len(ways)
    keys = {"psnr_y", "ssim_y", "perceptual", "perceptual_unseen", "checkerboard"}
    assert all(set(one) == keys for one in of_set.values())
    sheet = picture.read(tmp_path / "docs" / "images" / "esrgan-x4.jpg")
    assert sheet.shape == (esrgan.SIDE * esrgan.ZOOM + 2, 6 * esrgan.SIDE * esrgan.ZOOM, 3)


def test_the_distance_by_its_layers_is_the_perceptual_distance(backbone: Path):
    one, other = scene(0, 48, 40), scene(1, 48, 40)
    ours = esrgan.distance_by(load_backbone(backbone), SEVEN)(one, other)
    assert ours == pytest.approx(perceptual_distance(backbone)(one, other), rel=1e-6)


def test_a_run_that_does_not_tell_what_it_looked_at_has_no_unseen_layers(tmp_path: Path, backbone: Path):
    known = load_backbone(backbone)
    assert esrgan.unseen(tmp_path, known) == []
    second = write_second(tmp_path / "second", tmp_path, backbone, {})
    assert esrgan.unseen(second, known) == list(known.layers[:-1]), "by default the loss takes the last layer"
