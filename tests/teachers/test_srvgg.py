"""Real-ESRGAN's compact network."""

from __future__ import annotations

import pytest
from pocketlens.core import checkpoint, picture
from pocketlens.distill.evaluate import score
from pocketlens.distill.model import UpscalingModel, open_model
from pocketlens.teachers.srvgg import Options
from shared_data import PICTURES, WEIGHTS, needs_shared


@needs_shared
@pytest.mark.parametrize(
    ("name", "convs"), [("realesr-animevideov3", 16), ("realesr-general-x4v3", 32), ("4xLSDIRCompactC3", 16)]
)
def test_published_weights_load(name: str, convs: int):
    loaded = checkpoint.load(WEIGHTS / "sr" / f"{name}.pth")
    assert (loaded.name, loaded.options) == ("srvgg", Options(convs=convs))


@needs_shared
def test_published_weights_score_what_was_measured_of_them():
    """28.25 dB on Set5 x4: GAN-trained for degraded photographs, so below bicubic."""
    model = open_model(str(WEIGHTS / "sr" / "realesr-animevideov3.pth"))
    pictures = [(path.name, picture.read(path)) for path in picture.find(PICTURES / "Set5")]
    assert isinstance(model, UpscalingModel)
    result = score(model.upscaler, pictures, model.scale)
    assert result["mean"]["psnr_y"] == pytest.approx(28.25, abs=0.01)
    assert result["mean"]["psnr_y_direct"] is None
