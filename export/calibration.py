"""What the quantizer watches a network on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..calib_data.make import load
from ..core.colour import to_network
from ..core.resize import crop_to_multiple
from ..core.spec import ModelSpec


@dataclass(frozen=True)
class Calibration:
    """Inputs for a network, and where they are from."""

    inputs: list[np.ndarray] = field(default_factory=list)
    """(1, C, H, W) float32 in [0, 1]."""
    provenance: dict[str, Any] = field(default_factory=dict)


def open_calibration(src: str, spec: ModelSpec, quiet: bool = False) -> Calibration:
    """SRC of `--calib` as inputs for a network, their sides cut to multiples of its `align`.

    Raises what `calib_data.make.load` does.
    """
    calibration = load(src, quiet)
    pictures = [crop_to_multiple(bgr, spec.align) for bgr in calibration.pictures()]
    inputs = [to_network(bgr, spec.channels)[None] for bgr in pictures]
    return Calibration(inputs, {"source": Path(src).name, "sha256": calibration.digest})
