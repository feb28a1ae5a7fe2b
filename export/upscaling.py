"""What a bundle that upscales is measured on: pictures, made small and enlarged again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..core import picture
from ..core.bundle import Bundle
from ..core.cases import Case, from_pictures
from ..core.checkpoint import Checkpoint
from ..core.colour import to_network, to_picture
from ..core.graph_pictures import Runner
from ..core.manifest import Manifest, Sample
from ..core.metrics import PERFECT, psnr_y, ssim_y
from ..core.resize import crop_to_multiple, resize, shrink
from .samples import draw
from .task import Samples, Task

Pictures = list[tuple[str, np.ndarray]]
"""(name, uint8 (H, W, 3) BGR)."""


def read_set(folder: Path) -> Pictures:
    """The pictures in a folder; BadInput where there are none."""
    return [(path.name, picture.read(path)) for path in picture.find(folder)]


def make_samples(trained: Checkpoint) -> Samples:
    """The drawn pictures, those made small, and what the fp32 network makes of the small ones; and their files."""
    spec, network = trained.spec, trained.deployed()
    samples, files = [], {}
    for name, drawn in draw():
        truth = crop_to_multiple(drawn, spec.scale * spec.align)
        lr = shrink(truth, spec.scale)
        sample = Sample(input=f"samples/{name}-in.png", expected=f"samples/{name}-out.png", truth=f"samples/{name}.png")
        made = reference(network, lr, spec.channels)
        files |= {sample.input: picture.encode(lr), sample.expected: picture.encode(made)}
        files[sample.truth] = picture.encode(truth)
        samples.append(sample)
    return samples, files


def reference(network: nn.Module, lr: np.ndarray, channels: int) -> np.ndarray:
    """What the network makes of uint8 (H, W, 3) BGR whose sides are multiples of its `align`."""
    with torch.inference_mode():
        made = network(torch.from_numpy(to_network(lr, channels))[None])[0].numpy()
    return to_picture(made, lr)


def cases(pictures: Pictures, facts: Manifest) -> list[Case]:
    """The pictures as the runtime scores them; BadInput for one that is too small."""
    return from_pictures((bgr for _, bgr in pictures), facts)


def score(bundle: Bundle, pictures: Pictures) -> dict[str, float]:
    """Mean PSNR-Y in dB and SSIM-Y of every precision on HR pictures, and of bicubic enlarging.

    Raises BadInput, as `crop_to_multiple`, for a picture that is too small for the scale.
    """
    facts = bundle.manifest
    hrs = [crop_to_multiple(hr, facts.scale * facts.align) for _, hr in pictures]
    pairs = [(shrink(hr, facts.scale), hr) for hr in hrs]
    scores = _mean_scores("bicubic", [(resize(lr, *hr.shape[:2]), hr) for lr, hr in pairs], facts.scale)
    for precision in facts.precisions():
        run = Runner(bundle.graph(precision), "float", facts)
        scores |= _mean_scores(precision, [(run([lr]), hr) for lr, hr in pairs], facts.scale)
    return scores


def _mean_scores(label: str, pairs: list[tuple[np.ndarray, np.ndarray]], border: int) -> dict[str, float]:
    psnr = float(np.mean([min(PERFECT, psnr_y(made, hr, border)) for made, hr in pairs]))
    ssim = float(np.mean([ssim_y(made, hr, border) for made, hr in pairs]))
    return {f"psnr_y_{label}": round(psnr, 3), f"ssim_y_{label}": round(ssim, 5)}


TASK = Task(read_set, draw, make_samples, cases, score)
