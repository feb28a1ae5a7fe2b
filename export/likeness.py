"""What a graph makes of cases, and how near that is to the truth or to another graph's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx

from ..core.metrics import psnr
from .calibration import Case
from .inside import inside


def pictures(model: onnx.ModelProto, cases: Sequence[Case]) -> list[np.ndarray]:
    """The first output (1, C, H, W) for each case."""
    name = model.graph.output[0].name
    return [made[name] for made in inside(model, [name], (case.feeds for case in cases))]


def score(made: Sequence[np.ndarray], cases: Sequence[Case]) -> float:
    """Mean PSNR in dB against the truth; inf where there are no cases."""
    return likeness(made, [case.truth for case in cases])


def likeness(made: Sequence[np.ndarray], wanted: Sequence[np.ndarray]) -> float:
    """Mean PSNR in dB of pictures in [0, 1]; inf where there are none."""
    each = [psnr(one, other, peak=1.0) for one, other in zip(made, wanted, strict=True)]
    return float(np.mean(each)) if each else float("inf")
