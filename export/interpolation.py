"""What a bundle that interpolates is measured on: pairs of frames whose middle is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..core import picture, triplet
from ..core.bundle import Bundle
from ..core.cases import Case, from_triplets
from ..core.checkpoint import Checkpoint
from ..core.colour import from_network, to_network
from ..core.graph_pictures import Runner
from ..core.manifest import Manifest, PairSample
from ..core.metrics import PERFECT, interpolation_error, psnr_rgb, ssim_rgb
from ..core.triplet import Triplet
from .pairs import SIDE, draw_pairs
from .task import Samples, Task


def read_set(folder: Path) -> list[Triplet]:
    """The triplets in a folder; BadInput where there are none."""
    return [triplet.read(path) for path in triplet.find(folder)]


def make_samples(trained: Checkpoint, facts: Manifest) -> Samples:
    """The drawn pairs, what the fp32 network puts between them, and the truth; and their files."""
    network = trained.deployed()
    samples: list[PairSample] = []
    files: dict[str, bytes] = {}
    # Two of the smallest frames to a side: one alone would not show a graph that computes them apart.
    for drawn in draw_pairs(side=facts.align * max(2, SIDE // facts.align)):
        made = reference(network, drawn)
        parts = {"before": drawn.before, "after": drawn.after, "expected": made, "truth": drawn.truth}
        names = {part: f"samples/{drawn.name}-{part}.png" for part in parts}
        files |= {names[part]: picture.encode(bgr, small=True) for part, bgr in parts.items()}
        samples.append(PairSample(**names, t=drawn.t))
    return list(samples), files


def reference(network: nn.Module, pair: Triplet) -> np.ndarray:
    """What the network puts between two frames whose sides are multiples of its `align`, uint8 (H, W, 3) BGR."""
    frames = (torch.from_numpy(to_network(bgr, 3))[None] for bgr in (pair.before, pair.after))
    with torch.inference_mode():
        made = network(*frames, torch.tensor([pair.t])).picture[0].numpy()
    return from_network(made)


def cases(triplets: list[Triplet], facts: Manifest) -> list[Case]:
    """The triplets as the runtime scores them."""
    return from_triplets(triplets)


def score(bundle: Bundle, cases: Sequence[Case]) -> dict[str, float]:
    """Mean RGB PSNR in dB, RGB SSIM and interpolation error of every precision, and of frame averaging."""
    averaged = [(picture.blend(case.frames[0], case.frames[1], case.t), case.truth) for case in cases]
    scores = _mean_scores("average", averaged)
    for precision in bundle.manifest.precisions():
        run = Runner(bundle.graph(precision), "float", bundle.manifest)
        scores |= _mean_scores(precision, [(run(case.frames, case.t), case.truth) for case in cases])
    return scores


def _mean_scores(label: str, pairs: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    measures = {"psnr_rgb": (_psnr, 3), "ssim_rgb": (ssim_rgb, 5), "ie": (interpolation_error, 3)}
    return {
        f"{name}_{label}": round(float(np.mean([measure(made, truth) for made, truth in pairs])), digits)
        for name, (measure, digits) in measures.items()
    }


def _psnr(made: np.ndarray, truth: np.ndarray) -> float:
    return min(PERFECT, psnr_rgb(made, truth))


TASK = Task(read_set, draw_pairs, make_samples, cases, score)
