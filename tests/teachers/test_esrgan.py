"""RRDBNet and the names its weights have gone by."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from pocketlens.core import checkpoint
from pocketlens.core.errors import BadInput
from pocketlens.teachers.esrgan import MODEL, Options
from shared_data import WEIGHTS, needs_shared
from torch import Tensor

SMALL = Options(scale=4, features=4, growth=2, blocks=2)

# Ours -> the first release (github xinntao/ESRGAN, RRDB_ESRGAN_x4_old_arch), and the one after it.
FIRST_RELEASE = [
    (r"^conv_first\.", "model.0."),
    (r"^body\.(\d+)\.rdb(\d)\.conv(\d)\.", r"model.1.sub.\1.RDB\2.conv\3.0."),
    (r"^conv_body\.", "model.1.sub.2."),
    (r"^conv_up1\.", "model.3."),
    (r"^conv_up2\.", "model.6."),
    (r"^conv_hr\.", "model.8."),
    (r"^conv_last\.", "model.10."),
]
SECOND_RELEASE = [
    (r"^body\.(\d+)\.rdb(\d)\.", r"RRDB_trunk.\1.RDB\2."),
    (r"^conv_body\.", "trunk_conv."),
    (r"^conv_up(\d)\.", r"upconv\1."),
    (r"^conv_hr\.", "HRconv."),
]


def renamed(state: dict[str, Tensor], names: list[tuple[str, str]]) -> dict[str, Tensor]:
    """The state under other names."""

    def rename(name: str) -> str:
        for pattern, replacement in names:
            name = re.sub(pattern, replacement, name)
        return name

    return {rename(name): value for name, value in state.items()}


@pytest.fixture
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return MODEL.spec(SMALL).build().eval()


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(lambda state: renamed(state, FIRST_RELEASE), id="first release"),
        pytest.param(lambda state: renamed(state, SECOND_RELEASE), id="second release"),
        pytest.param(lambda state: {"params": state}, id="params"),
        pytest.param(lambda state: {"params_ema": state, "params": {"conv_first.weight": state}}, id="params_ema"),
        pytest.param(lambda state: {f"module.{name}": value for name, value in state.items()}, id="module."),
        pytest.param(lambda state: {"state_dict": state, "epoch": 3}, id="state_dict"),
    ],
)
def test_weights_under_any_known_names_load(network: torch.nn.Module, foreign: Any, tmp_path: Path):
    torch.save(foreign(network.state_dict()), tmp_path / "teacher.pth")
    loaded, x = checkpoint.load(tmp_path / "teacher.pth"), torch.rand(1, 3, 6, 6)
    assert (loaded.name, loaded.options) == ("esrgan", SMALL)
    torch.testing.assert_close(loaded.network(x), network(x), atol=0, rtol=0)


def test_half_precision_weights_become_float32(network: torch.nn.Module, tmp_path: Path):
    torch.save({name: value.half() for name, value in network.state_dict().items()}, tmp_path / "teacher.pth")
    loaded = checkpoint.load(tmp_path / "teacher.pth")
    assert {weight.dtype for weight in loaded.network.parameters()} == {torch.float32}
    torch.testing.assert_close(loaded.network.state_dict(), network.state_dict(), atol=1e-3, rtol=1e-3)


def test_x2_is_told_by_its_folded_input(tmp_path: Path):
    options = Options(scale=2, features=4, growth=2, blocks=1)
    torch.save(MODEL.spec(options).build().state_dict(), tmp_path / "teacher.pth")
    assert checkpoint.load(tmp_path / "teacher.pth").options == options
    with pytest.raises(BadInput, match="x2, not x4"):
        checkpoint.load(tmp_path / "teacher.pth", scale=4)


def test_the_published_network_has_the_published_size():
    """16.70 M parameters, as Real-ESRGAN's x4plus has."""
    with torch.device("meta"):
        network = MODEL.spec(Options()).build()
    assert sum(weight.numel() for weight in network.parameters()) == 16_697_987


@needs_shared
def test_published_weights_load():
    loaded = checkpoint.load(WEIGHTS / "sr" / "RealESRGAN_x4plus.pth")
    assert (loaded.name, loaded.options) == ("esrgan", Options())
    loaded = checkpoint.load(WEIGHTS / "sr" / "RealESRGAN_x4plus_anime_6B.pth")
    assert (loaded.name, loaded.options) == ("esrgan", Options(blocks=6))
