"""A run folder or a checkpoint is run like a bundle, without making one first."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from bundles import make_bundle
from commands import pocketlens
from engines_here import usable
from pocketlens.core import checkpoint, picture
from pocketlens.core.errors import BadInput
from pocketlens.distill.torch_upscaler import torch_upscaler
from pocketlens.runtime import Session
from pocketlens.runtime.choose import choices
from pocketlens.runtime.interpolate import Interpolator
from pocketlens.runtime.original import Original
from pocketlens.runtime.resolve import open_bundle
from pocketlens.runtime.upscale import upscale_picture
from pocketlens.runtime.view import as_frame
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
        wanted = torch_upscaler(trained.network, trained.spec)(bgr).picture
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
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["precision"] for row in rows} == {"fp32"}
    assert [row["engine"] for row in rows] == [*usable(), "torch"], "the network itself is timed too"


def test_torch_alone_can_be_asked_for_next_to_the_reference(run_folder: Path, capsys: pytest.CaptureFixture[str]):
    assert pocketlens("bench", run_folder, "--size", "8x8", "--rounds", 1, "--engines", "torch", "--json", "-") == 0
    assert [row["engine"] for row in json.loads(capsys.readouterr().out)["rows"]] == ["onnxruntime", "torch"]


def test_a_bundle_has_no_network_that_torch_could_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert pocketlens("bench", make_bundle(tmp_path / "a.plens"), "--size", "8x8", "--engines", "torch") == 2
    assert "torch runs checkpoints and run folders" in capsys.readouterr().err


SMALL = {"sesr": {"channels": 8, "blocks": 1, "width": 8}, "ifnet_lite": {"stem": 8, "coarse": 16, "depth": 1}}


@pytest.mark.parametrize("student", ["sesr", pytest.param("ifnet_lite", marks=pytest.mark.long)])
def test_torch_and_the_engines_make_the_same_picture(student: str, tmp_path: Path):
    bundle = open_bundle(str(write_teacher(tmp_path / "run", student, **SMALL[student])))
    ways = [Original(), *choices(bundle.manifest, "onnxruntime")[0]]
    early, late = (np.random.default_rng(seed).integers(0, 256, (24, 32, 3), np.uint8) for seed in (0, 1))
    made = []
    for way in ways:
        network = way.load(bundle, 1)
        if isinstance(network, Interpolator):
            before, after = (network.view(as_frame(frame)) for frame in (early, late))
            made.append(network.between(before, after, 0.5)[0])
        else:
            made.append(upscale_picture(network, early, bundle.manifest.channels))
        network.close()
    assert np.abs(made[0].astype(int) - made[1]).max() <= 1
