"""`distill run`: a recipe and pictures in, a run folder out."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .. import __version__
from ..core import checkpoint
from ..core.errors import BadInput, MachineCannot
from ..core.files import write_text
from ..core.locate import is_bundle, locate
from .cache import TeacherCache
from .data import Batch, Crops, Pair, make_pairs, read_pictures
from .evaluate import score, torch_upscaler
from .loop import prepare, train
from .loss import WeightedSum
from .plots import draw_curves, draw_strip
from .recipe import Recipe
from .run_folder import RunFolder

HOLD_OUT = 8
"""One training picture in this many is evaluated on instead, when a recipe names no `val`."""


@dataclass(frozen=True)
class Pictures:
    """HR pictures by name, apart."""

    train: list[tuple[str, Any]]
    val: list[tuple[str, Any]]


def pick_device(name: str) -> torch.device:
    """`auto`, `cpu` or `cuda`; raises MachineCannot for CUDA on a machine without."""
    if name not in ("auto", "cpu", "cuda"):
        raise BadInput(f"unknown device '{name}'; use auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise MachineCannot("no CUDA device here; use --device cpu, or install torch for CUDA from pytorch.org")
    return torch.device("cuda" if name == "cuda" or (name == "auto" and torch.cuda.is_available()) else "cpu")


def read_data(recipe: Recipe) -> Pictures:
    """The pictures of the recipe's folders, those to evaluate on apart."""
    train_set = [item for source in recipe.data.train for item in read_pictures(source)]
    if recipe.data.val:
        return Pictures(train_set, [item for source in recipe.data.val for item in read_pictures(source)])
    val = train_set[::HOLD_OUT]
    kept = [item for index, item in enumerate(train_set) if index % HOLD_OUT]
    if not kept:
        raise BadInput("only one picture to train on; give more with --data, or name others for --set data.val=[...]")
    return Pictures(kept, val)


def load_teacher(recipe: Recipe) -> checkpoint.Checkpoint | None:
    """The recipe's teacher, or None; raises BadInput when its scale is not the student's."""
    if recipe.teacher == "none":
        return None
    path = locate(recipe.teacher)
    if is_bundle(path):
        raise BadInput(f"{recipe.teacher} is a bundle; a teacher is a run folder or a checkpoint")
    teacher = checkpoint.load(path)
    wanted, has = recipe.student_spec().scale, teacher.spec.scale
    if has != wanted:
        raise BadInput(f"the teacher {recipe.teacher} upscales x{has} and the student x{wanted}; use one scale")
    return teacher


def run(recipe: Recipe, out: Path, device_name: str = "auto", resume: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Train to the end and write the run folder; returns what `metrics.json` holds.

    Raises BadInput for unusable pictures, teacher or folder, before anything is written.
    """
    device = pick_device(device_name)
    pictures, teacher = read_data(recipe), load_teacher(recipe)
    WeightedSum(recipe.loss).require(teacher is not None)
    spec = recipe.student_spec()
    grid = teacher.spec.align if teacher else 1
    pairs = make_pairs(pictures.train, spec.scale, recipe.data.sizes)
    crops = Crops(pairs, recipe.data.patch // grid * grid, spec.channels, grid, recipe.seed)
    if crops.too_small and not quiet:
        print(f"{crops.too_small} of {len(pairs)} pictures are smaller than the crop and left out", file=sys.stderr)
    folder = RunFolder(out)
    folder.require_same(recipe) if resume else folder.start(recipe)
    _train(recipe, folder, crops, pictures, teacher, device, quiet)
    return finish(recipe, folder, pictures, teacher)


def _train(recipe: Recipe, folder: RunFolder, crops: Crops, pictures: Pictures, teacher: checkpoint.Checkpoint | None,
           device: torch.device, quiet: bool) -> None:  # fmt: skip
    cache = None
    if teacher:
        cache = TeacherCache(teacher, WeightedSum(recipe.loss).teacher_taps, crops.channels, recipe.cache_gb)
        cache.fill(crops.pairs, device, quiet)

    def batches(step: int) -> Batch:
        return crops.batch(step, recipe.batch, cache).to(device)

    def evaluate(network: nn.Module) -> float:
        network.eval()
        return score(torch_upscaler(network, spec, device), pictures.val, spec.scale)["mean"]["psnr_y"]

    spec = recipe.student_spec()
    training, tapped = prepare(recipe, batches(0), device)
    state = folder.load_state()
    if state:
        training.load_state_dict(state)
        folder.forget_after(training.step)
    train(recipe, training, tapped, batches, evaluate, folder, device, quiet)
    folder.save_weights(recipe.student.name, recipe.student_options(), training.average)


def finish(recipe: Recipe, folder: RunFolder, pictures: Pictures, teacher: checkpoint.Checkpoint | None) -> dict[str, Any]:
    """Score the kept weights and write metrics, curves and sample strips."""
    trained = checkpoint.load(folder.path)
    upscaler = torch_upscaler(trained.deployed(), trained.spec)
    curves = folder.curves()
    metrics = {
        "recipe": recipe.model_dump(),
        "parameters": sum(weight.numel() for weight in trained.deployed().parameters()),
        "steps": recipe.steps,
        "seconds": curves[-1]["seconds"],
        "validation": score(upscaler, pictures.val, trained.spec.scale),
        "weights_sha256": trained.digest,
        "teacher": {"name": recipe.teacher, "weights_sha256": teacher.digest} if teacher else None,
        "versions": {"pocketlens": __version__, "torch": torch.__version__},
    }
    write_text(folder.path / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    draw_curves(curves, folder.path / "curves.png")
    draw_strip(make_pairs(pictures.val[:4], trained.spec.scale), upscaler, folder.path / "samples.png")
    return metrics

