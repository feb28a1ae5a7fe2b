"""Scores of a bundle's precisions on pictures, bicubic beside them."""

from __future__ import annotations

import numpy as np

from ..core.bundle import Bundle
from ..core.metrics import psnr_y, ssim_y
from ..core.resize import crop_to_multiple, resize, shrink
from .verify import Runner

Pictures = list[tuple[str, np.ndarray]]
"""(name, uint8 (H, W, 3) BGR)."""


def score(bundle: Bundle, pictures: Pictures) -> dict[str, float]:
    """Mean PSNR-Y in dB and SSIM-Y of every precision on HR pictures.

    Raises BadInput, as `crop_to_multiple`, for a picture that is too small for the scale.
    """
    facts = bundle.manifest
    hrs = [crop_to_multiple(hr, facts.scale * facts.align) for _, hr in pictures]
    pairs = [(shrink(hr, facts.scale), hr) for hr in hrs]
    scores = _mean_scores("bicubic", [(resize(lr, *hr.shape[:2]), hr) for lr, hr in pairs], facts.scale)
    for precision in dict.fromkeys(graph.precision for graph in facts.graphs):
        run = Runner(bundle.graph(precision), "float", facts)
        scores |= _mean_scores(precision, [(run(lr), hr) for lr, hr in pairs], facts.scale)
    return scores


def _mean_scores(label: str, pairs: list[tuple[np.ndarray, np.ndarray]], border: int) -> dict[str, float]:
    psnr = float(np.mean([psnr_y(made, hr, border) for made, hr in pairs]))
    ssim = float(np.mean([ssim_y(made, hr, border) for made, hr in pairs]))
    return {f"psnr_y_{label}": round(psnr, 3), f"ssim_y_{label}": round(ssim, 5)}
