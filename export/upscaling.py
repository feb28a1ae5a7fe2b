"""What a bundle that upscales is measured on: pictures, made small and enlarged again."""

from __future__ import annotations

from collections.abc import Sequence
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
from ..core.resize import resize
from .samples import draw
from .task import Samples, Task

Pictures = list[tuple[str, np.ndarray]]
"""(name, uint8 (H, W, 3) BGR)."""


def read_set(folder: Path) -> Pictures:
    """The pictures in a folder; BadInput where there are none."""
    return [(path.name, picture.read(path)) for path in picture.find(folder)]


def make_samples(trained: Checkpoint, facts: Manifest) -> Samples:
    """The drawn pictures, those made small, and what the fp32 network makes of the small ones; and their files."""
    network, drawn = trained.deployed(), draw()
    samples, files = [], {}
    for (name, _), case in zip(drawn, cases(drawn, facts), strict=True):
        (lr,) = case.frames
        sample = Sample(input=f"samples/{name}-in.png", expected=f"samples/{name}-out.png", truth=f"samples/{name}.png")
        made = reference(network, lr, facts.channels)
        files |= {sample.input: picture.encode(lr), sample.expected: picture.encode(made)}
        files[sample.truth] = picture.encode(case.truth)
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


def score(bundle: Bundle, cases: Sequence[Case]) -> dict[str, float]:
    """Mean PSNR-Y in dB and SSIM-Y of every precision, and of bicubic enlarging.

    What enlarges more than the cases, as a teacher may, is made as small as they are.
    """
    scores = _mean_scores("bicubic", [(_of_size(case.frames[0], case.truth), case) for case in cases])
    for precision in bundle.manifest.precisions():
        run = Runner(bundle.graph(precision), "float", bundle.manifest)
        scores |= _mean_scores(precision, [(_of_size(run(case.frames), case.truth), case) for case in cases])
    return scores


def _of_size(made: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Resized by bicubic where it is of another size."""
    return made if made.shape == truth.shape else resize(made, *truth.shape[:2])


def _mean_scores(label: str, made: list[tuple[np.ndarray, Case]]) -> dict[str, float]:
    psnr = float(np.mean([min(PERFECT, psnr_y(bgr, case.truth, _scale(case))) for bgr, case in made]))
    ssim = float(np.mean([ssim_y(bgr, case.truth, _scale(case)) for bgr, case in made]))
    return {f"psnr_y_{label}": round(psnr, 3), f"ssim_y_{label}": round(ssim, 5)}


def _scale(case: Case) -> int:
    return case.truth.shape[0] // case.frames[0].shape[0]


TASK = Task(read_set, draw, make_samples, cases, score)
