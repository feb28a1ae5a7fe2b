"""Warps in exported graphs: each engine fetches as torch does."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from graphs import run_all
from moving import texture
from pocketlens.core.facts import Sampling
from pocketlens.core.motion import warp
from pocketlens.export.trace import trace
from torch import Tensor, nn
from torch.export import Dim

HEIGHT, WIDTH = 40, 56


class Warping(nn.Module):
    """A warp and nothing else."""

    def __init__(self, sampling: Sampling) -> None:
        super().__init__()
        self.sampling: Sampling = sampling

    def forward(self, frame: Tensor, flow: Tensor) -> Tensor:
        """As `motion.warp`."""
        return warp(frame, flow, self.sampling)


def feeds() -> dict[str, np.ndarray]:
    """A frame, and a flow of some pixels that often leads out of it."""
    frame = np.moveaxis(texture(HEIGHT, WIDTH), -1, 0)[None].astype(np.float32) / 255
    flow = np.random.default_rng(0).normal(0, 12, (1, 2, HEIGHT, WIDTH)).astype(np.float32)
    return {"frame": frame, "flow": flow}


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("sampling", get_args(Sampling))
def test_an_engine_warps_as_torch_does(sampling: Sampling, engine: str):
    pytest.importorskip(engine)
    module, given = Warping(sampling), feeds()
    inputs = {name: torch.from_numpy(value) for name, value in given.items()}
    sizes = {2: Dim("height"), 3: Dim("width")}
    made = run_all(trace(module, inputs, ["warped"], [sizes, sizes]), given, engine)["warped"]
    np.testing.assert_allclose(made, module(*inputs.values()).numpy(), atol=2e-4)
