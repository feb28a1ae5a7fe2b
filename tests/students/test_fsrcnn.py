"""FSRCNN as published, and the weights of its common port."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pocketlens.core import checkpoint, picture
from pocketlens.core.errors import BadInput
from pocketlens.distill.evaluate import score
from pocketlens.distill.model import UpscalingModel, open_model
from pocketlens.students.fsrcnn import MODEL, Options
from shared_data import PICTURES, WEIGHTS, needs_shared
from torch import Tensor, nn


def build(options: Options) -> nn.Module:
    torch.manual_seed(0)
    return MODEL.spec(options).build().eval()


@pytest.mark.parametrize(("options", "weights"), [(Options(), 12464), (Options(d=32, s=5, m=1), 3937)])
def test_it_has_the_published_number_of_weights(options: Options, weights: int):
    """Dong et al. 2016, tables 1 and 4: convolution weights, without biases and PReLU slopes."""
    assert sum(value.numel() for value in build(options).parameters() if value.ndim == 4) == weights


def test_trained_wide_it_is_deployed_at_the_published_size():
    torch.manual_seed(0)
    plain = Options(d=8, s=4, m=2)
    wide, x = MODEL.spec(replace(plain, wide=True)).build(), torch.rand(1, 1, 9, 7)
    lean = MODEL.deploy(wide)
    torch.testing.assert_close(lean(x), wide(x), atol=1e-5, rtol=0)
    assert shapes(lean) == shapes(build(plain)) != shapes(wide)


def shapes(network: nn.Module) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in network.state_dict().items()}


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_pixel_shuffle_head_starts_without_a_checkerboard(scale: int):
    made = build(Options(scale=scale, head="shuffle"))(torch.full((1, 1, 24, 24), 0.5))  # type: ignore[arg-type]
    inside = made[..., 10 * scale : -10 * scale, 10 * scale : -10 * scale]
    assert inside.amax() - inside.amin() < 1e-5


@pytest.mark.parametrize("head", ["deconv", "shuffle"])
def test_training_starts_near_the_picture_and_not_at_noise(head: str):
    ramp = torch.linspace(0.2, 0.8, 32).expand(1, 1, 32, 32)
    made = build(Options(head=head))(ramp)  # type: ignore[arg-type]
    wanted = nn.functional.interpolate(ramp, scale_factor=2, mode="bilinear")
    inside = slice(16, 48)
    assert (made - wanted)[..., inside, inside].abs().mean() < 0.1


def port_names(state: dict[str, Tensor], m: int) -> dict[str, Tensor]:
    """Our state under the names of github yjn870/FSRCNN-pytorch."""
    first = {"shrink": 0, "map": 2, "expand": 2 * m + 2}
    renamed = {}
    for name, value in state.items():
        part, index, *rest = name.split(".")
        if part in first:
            renamed[".".join(["mid_part", str(first[part] + int(index)), *rest])] = value
        else:
            renamed[".".join([{"extract": "first_part", "head": "last_part"}[part], index, *rest])] = value
    return renamed


def test_weights_of_the_port_load_with_a_scale_given_or_in_the_name(tmp_path: Path):
    options = Options(scale=3, d=8, s=4, m=2)
    network, x = build(options), torch.rand(1, 1, 7, 7)
    state = port_names(network.state_dict(), options.m)
    assert "mid_part.6.weight" in state and "last_part.weight" in state
    for name, scale in (("weights.pth", 3), ("fsrcnn_x3.pth", None)):
        torch.save(state, tmp_path / name)
        loaded = checkpoint.load(tmp_path / name, scale)
        assert loaded.options == options
        torch.testing.assert_close(loaded.network(x), network(x), atol=0, rtol=0)
    with pytest.raises(BadInput, match="do not tell their scale"):
        checkpoint.load(tmp_path / "weights.pth")
    with pytest.raises(BadInput, match="do not tell their scale"):
        checkpoint.load(tmp_path / "weights.pth", scale=5)


# The figures that the port's weights were measured at, on the 8-bit RGB path.
@needs_shared
@pytest.mark.parametrize(("scale", "decibel"), [(2, 37.14), (3, 32.60), (4, 30.51)])
def test_the_weights_of_the_port_score_what_was_measured_of_them(scale: int, decibel: float):
    model = open_model(str(WEIGHTS / "fsrcnn" / f"fsrcnn_x{scale}.pth"))
    assert isinstance(model, UpscalingModel) and model.scale == scale
    pictures = [(path.name, picture.read(path)) for path in picture.find(PICTURES / "Set5")]
    mean = score(model.upscaler, pictures, scale)["mean"]
    assert mean["psnr_y"] == pytest.approx(decibel, abs=0.015)
    assert 0.01 < mean["psnr_y"] - mean["psnr_y_direct"] < 0.08
