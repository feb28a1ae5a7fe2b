"""A run folder or a checkpoint is run like a bundle, without making one first."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import pocketlens
from pocketlens.core import checkpoint, picture
from pocketlens.core.errors import BadInput
from pocketlens.distill.evaluate import Pair
from pocketlens.distill.torch_upscaler import torch_upscaler
from pocketlens.runtime import Session
from runs import write_teacher


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return write_teacher(tmp_path / "run", "sesr", channels=8, blocks=1, width=8)


def test_it_is_upscaled_as_torch_would(run_folder: Path, tmp_path: Path):
    bgr = np.random.default_rng(0).integers(0, 256, (19, 23, 3), np.uint8)
    picture.write(tmp_path / "in.png", bgr)
    for model in (run_folder, run_folder / "weights.safetensors"):
        assert pocketlens("run", model, tmp_path / "in.png", "-o", tmp_path / "out.png", "--force", "--quiet") == 0
        trained = checkpoint.load(model)
        wanted = torch_upscaler(trained.network, trained.spec)(Pair("", bgr, bgr)).picture
        made = picture.read(tmp_path / "out.png")
        assert np.abs(made.astype(int) - wanted).max() <= 1


def test_a_foreign_checkpoint_of_a_network_that_wants_even_sides(tmp_path: Path):
    network = checkpoint.load(write_teacher(tmp_path / "run")).network
    torch.save({"params_ema": network.state_dict()}, tmp_path / "RealESRGAN_x2.pth")
    with Session.open(tmp_path / "RealESRGAN_x2.pth") as session:
        assert session.manifest.name == "RealESRGAN_x2"
        assert session.upscale(np.zeros((7, 5, 3), np.uint8)).shape == (14, 10, 3)


def test_it_has_fp32_and_nothing_else(run_folder: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(BadInput, match="holds no int8 graph; it holds: fp32"):
        Session.open(run_folder, precision="int8")
    assert pocketlens("bench", run_folder, "--size", "16x16", "--rounds", 2, "--json", "-") == 0
    assert {row["precision"] for row in json.loads(capsys.readouterr().out)["rows"]} == {"fp32"}
