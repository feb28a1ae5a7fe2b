"""OpenCV warps and mixes as the networks do in torch."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from moving import texture
from pocketlens.core import motion, remap
from pocketlens.core.facts import Sampling


@pytest.mark.parametrize("sampling", get_args(Sampling))
def test_it_is_what_torch_does(sampling: Sampling):
    rng = np.random.default_rng(0)
    early, late = (texture(40, 56, seed).astype(np.float32) / 255 for seed in (1, 2))
    flows = [(rng.normal(size=(2, 40, 56)) * 12).astype(np.float32) for _ in range(2)]
    logits = rng.normal(size=(1, 40, 56)).astype(np.float32) * 3
    before, after = (torch.from_numpy(np.moveaxis(frame, -1, 0)[None].copy()) for frame in (early, late))
    to_before, to_after, mask = (torch.from_numpy(part)[None] for part in (*flows, logits))
    fused = motion.fuse(before, after, motion.Motion(to_before, to_after, mask), sampling)
    wanted = np.moveaxis(fused[0].numpy(), 0, -1)
    made = remap.fuse(early, late, flows[0], flows[1], 1 / (1 + np.exp(-logits)), sampling)
    np.testing.assert_allclose(made, wanted, atol=2e-5)
