r"""What ESRGAN's two stages, and blends of their weights, make of clean pictures, next to FSRCNN and bicubic enlarging.

    python benchmarks/esrgan.py --first runs/esrgan-x4-psnr --second runs/esrgan-x4-gan --fsrcnn fsrcnn-x4 \
        --against fsrcnn_x4.pth --against sesr-l-x4 --perceptual squeezenet1_1_caffe.pth --data SET --data SET

SET is a folder of HR pictures, made small by antialiased bicubic; bundles run in fp32. `perceptual_unseen` is the
distance by those layers alone that the second stage's loss, as its run folder tells, did not look at; `checkerboard`
the lattice that pictures have and the truth has not, in grey levels. Writes `benchmarks/results/esrgan-xN.json` and, of
free photographs that scikit-image has, `docs/images/esrgan-xN.jpg`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from pocketlens.calib_data.sources import sample_pictures
from pocketlens.core import picture
from pocketlens.core.checkerboard import checkerboard
from pocketlens.core.files import write_text
from pocketlens.core.locate import is_bundle, locate
from pocketlens.distill import recipe
from pocketlens.distill.backbone import Backbone, load_backbone
from pocketlens.distill.blend import blend
from pocketlens.distill.evaluate import Distance, Trial, Upscaler, degrade
from pocketlens.distill.model import UpscalingModel, open_model
from pocketlens.distill.perceptual_distance import distance_by, perceptual_distance
from pocketlens.distill.plots import draw_rows
from pocketlens.distill.score_folder import score_folder
from restoration import bicubic, once

HERE = Path(__file__).parent
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "grass.png")
"""In the public domain or CC0, as scikit-image says of each."""
SIDE, ZOOM = 112, 2
"""Pixels of the square that is shown of each, and how many times as large each of them is drawn."""


def open_fp32(model: str, scale: int | None = None) -> UpscalingModel:
    """A run folder, a checkpoint, or a bundle without its int8."""
    opened = open_model(model, scale, "fp32" if is_bundle(locate(model)) else None)
    assert isinstance(opened, UpscalingModel)
    return opened


def blends(first: str, second: str, alphas: Sequence[float]) -> dict[str, Upscaler]:
    """Networks between the two stages, by the share that the second has of their weights."""
    with tempfile.TemporaryDirectory() as folder:
        for alpha in alphas:
            blend(first, second, alpha, Path(folder) / f"blend {alpha:g}")
        return {path.name: open_fp32(str(path)).upscaler for path in sorted(Path(folder).iterdir())}


def unseen(run: Path, backbone: Backbone) -> list[str]:
    """The layers that the loss of a run did not look at; none where its recipe is missing."""
    terms = recipe.load(str(run / "recipe.toml")).loss if (run / "recipe.toml").is_file() else []
    seen = [term.loss_options().layers or backbone.layers[-1:] for term in terms if term.name == "perceptual"]
    return [layer for layer in backbone.layers if seen and all(layer not in layers for layers in seen)]


def scores(way: Upscaler, scale: int, folder: Path, distances: Mapping[str, Distance]) -> dict[str, float]:
    """Mean PSNR-Y, SSIM-Y and each distance on one set."""
    model, found = UpscalingModel(once(way), scale), {}
    for name, distance in distances.items():
        mean = score_folder(model, folder, quiet=True, trial=Trial(perceptual=distance))["mean"]
        found |= {"psnr_y": mean["psnr_y"], "ssim_y": mean["ssim_y"], name: mean["perceptual"]}
    return found


def shown(ways: Mapping[str, Upscaler], name: str, photograph: np.ndarray, scale: int) -> dict[str, np.ndarray]:
    """A row of views of the busiest square of a photograph that was made small: what each way gives, and the truth."""
    pair = degrade(name, photograph, scale)
    views = {**{label: way(pair).picture for label, way in ways.items()}, f"truth: {Path(name).stem}": pair.hr}
    square = picture.busiest_square(pair.hr, SIDE)
    return {label: np.repeat(np.repeat(view[square], ZOOM, 0), ZOOM, 1) for label, view in views.items()}


def main() -> None:
    """Blend, score and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", required=True, help="run folder or weights")
    parser.add_argument("--second", required=True, help="the same of the same network")
    parser.add_argument("--alpha", type=float, nargs="+", default=[0.2, 0.5, 0.8], help="the middle one is drawn")
    parser.add_argument("--fsrcnn", required=True, help="as of distill eval")
    parser.add_argument("--against", action="append", default=[], help="the same; not drawn")
    parser.add_argument("--perceptual", type=Path, required=True)
    parser.add_argument("--data", action="append", type=Path, required=True)
    chosen = parser.parse_args()
    first, second = open_fp32(chosen.first), open_fp32(chosen.second)
    names = {"first": Path(chosen.first).name, "second": Path(chosen.second).name}
    others = {Path(name).name: open_fp32(name, first.scale).upscaler for name in [chosen.fsrcnn, *chosen.against]}
    between = blends(chosen.first, chosen.second, chosen.alpha)
    ways = {"bicubic": bicubic, **others, "first stage": first.upscaler, **between, "second stage": second.upscaler}
    backbone, lattice = load_backbone(chosen.perceptual), partial(checkerboard, period=first.scale)
    distances = {"perceptual": perceptual_distance(chosen.perceptual), "checkerboard": lattice}
    if layers := unseen(Path(chosen.second), backbone):
        distances["perceptual_unseen"] = distance_by(backbone, layers)
    scored = {data.name: {name: scores(way, first.scale, data, distances) for name, way in ways.items()}
              for data in chosen.data}  # fmt: skip
    results = {**names, "backbone": backbone.name, "unseen": layers, "sets": scored}
    print(json.dumps(results, indent=1))
    write_text(HERE / "results" / f"esrgan-x{first.scale}.json", json.dumps(results, indent=1) + "\n")
    middle = f"blend {sorted(chosen.alpha)[len(chosen.alpha) // 2]:g}"
    drawn = {name: ways[name] for name in ("bicubic", Path(chosen.fsrcnn).name, "first stage", middle, "second stage")}
    rows = [shown(drawn, name, bgr, first.scale) for name, bgr in sample_pictures() if name in PHOTOGRAPHS]
    draw_rows(rows, HERE.parent / "docs" / "images" / f"esrgan-x{first.scale}.jpg")


if __name__ == "__main__":
    main()
