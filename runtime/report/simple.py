"""What a model has to beat."""

from __future__ import annotations

import numpy as np

from ...core import picture
from ...core.cases import Case
from ...core.resize import resize

NAMES = {"upscale": "bicubic", "interpolate": "frame average"}
"""The simple method's, by task."""


def simple(case: Case) -> np.ndarray:
    """A frame enlarged by bicubic interpolation, or two frames mixed; uint8 (H, W, 3) BGR."""
    if len(case.frames) == 2:
        return picture.blend(*case.frames, case.t)
    return resize(case.frames[0], *case.truth.shape[:2])
