"""`distill run`: a recipe and pictures in, a run folder out."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from .. import __version__
from ..core import checkpoint
from ..core.errors import BadInput, MachineCannot
from ..core.files import to_json, write_text
from ..core.locate import is_bundle, locate
from ..core.metrics import psnr_y
from .cache import TeacherCache
from .data import Batch, Crops, make_pairs, read_pictures
from .evaluate import score
from .loop import Training, prepare, train
from .loss import WeightedSum
from .plots import draw_curves, draw_strip
from .recipe import Recipe
from .run_folder import CURVES, METRICS, SAMPLES, RunFolder
from .torch_upscaler import torch_upscaler

HOLD_OUT = 8
"""One training picture in this many is evaluated on instead, when a recipe names no `val`."""

Pictures = list[tuple[str, np.ndarray]]


@dataclass(frozen=True)
class Job:
    """Everything a run works on, read and checked before the run folder is touched."""

    recipe: Recipe
    device: torch.device
    crops: Crops
    val: Pictures
    cache: TeacherCache | None
    teacher: dict[str, str] | None
    """Name and weights hash, for the record."""
    start: dict[str, str] | None
    """The same of the weights it started from."""
    training: Training


def run(
    recipe: Recipe,
    out: Path,
    device: str = "auto",
    resume: bool = False,
    force: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train to the end and write the run folder; returns what `metrics.json` holds.

    Raises BadInput for a recipe, pictures, a teacher or a folder that cannot be used, MachineCannot for
    a device that is not here; both before anything is written.
    """
    picked = pick_device(device)
    folder = RunFolder(out)
    if resume:
        folder.require_same(recipe)
    else:
        folder.require_free(force)
    job = make_ready(recipe, picked, quiet)
    if not resume:
        folder.start(recipe)
    _train(job, folder, quiet)
    return _finish(job, folder)


def pick_device(name: str) -> torch.device:
    """`auto`, `cpu` or `cuda`; raises MachineCannot for CUDA on a machine without."""
    if name not in ("auto", "cpu", "cuda"):
        raise BadInput(f"unknown device '{name}'; use auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise MachineCannot("no CUDA device here; use --device cpu, or install torch for CUDA from pytorch.org")
    return torch.device("cuda" if name == "cuda" or (name == "auto" and torch.cuda.is_available()) else "cpu")


def make_ready(recipe: Recipe, device: torch.device, quiet: bool) -> Job:
    """Read the pictures, build the networks, and check that they go together; writes nothing."""
    spec, teacher = recipe.student_spec(), load_teacher(recipe)
    losses = WeightedSum(recipe.loss, teacher is not None)
    cache = TeacherCache(teacher, losses.teacher_taps, spec.channels, recipe.cache_gb, device) if teacher else None
    start = load_start(recipe)
    training = prepare(recipe, losses, start, cache and cache.probe(), device)
    grid = teacher.spec.align if teacher else 1
    multiple = math.lcm(grid, spec.align)
    if recipe.data.patch % multiple:
        raise BadInput(f"data.patch = {recipe.data.patch} must be a multiple of {multiple} for these networks")
    pictures, val = read_data(recipe)
    pairs = make_pairs(pictures, spec.scale, recipe.data.sizes)
    crops = Crops(pairs, recipe.data.patch, spec.channels, grid, recipe.seed)
    if crops.too_small and not quiet:
        print(f"{crops.too_small} of {len(pairs)} pictures are smaller than the crop and left out", file=sys.stderr)
    if cache:
        cache.require_room(crops.pairs)
    record = {"name": recipe.teacher, "weights_sha256": teacher.digest} if teacher else None
    started = {"name": recipe.start, "weights_sha256": start.digest} if start else None
    return Job(recipe, device, crops, val, cache, record, started, training)


def load_teacher(recipe: Recipe) -> checkpoint.Checkpoint | None:
    """The recipe's teacher, or None; raises BadInput when it cannot teach the student."""
    if recipe.teacher == "none":
        return None
    path, student = locate(recipe.teacher), recipe.student_spec()
    if is_bundle(path):
        raise BadInput(f"{recipe.teacher} is a bundle; a teacher is a run folder or a checkpoint")
    teacher = checkpoint.load(path, student.scale)
    if teacher.spec.channels < student.channels:
        raise BadInput(f"the teacher {recipe.teacher} works on luma and cannot teach the RGB student")
    return teacher


def load_start(recipe: Recipe) -> checkpoint.Checkpoint | None:
    """The weights to start from, or None; raises BadInput when they are another network's."""
    if recipe.start == "none":
        return None
    start = checkpoint.load(locate(recipe.start), recipe.student_spec().scale)
    if (start.name, start.options) != (recipe.student.name, recipe.student_options()):
        raise BadInput(f"start = {recipe.start} holds {start.name} with {start.options}, not this recipe's student")
    return start


def read_data(recipe: Recipe) -> tuple[Pictures, Pictures]:
    """The pictures of the recipe's folders, to train and to evaluate on."""
    pictures = [item for source in recipe.data.train for item in read_pictures(source)]
    if recipe.data.val:
        return pictures, [item for source in recipe.data.val for item in read_pictures(source)]
    kept = [item for index, item in enumerate(pictures) if index % HOLD_OUT]
    if not kept:
        raise BadInput("only one picture to train on; give more with --data, or name others for --set data.val=[...]")
    return kept, pictures[::HOLD_OUT]


def _train(job: Job, folder: RunFolder, quiet: bool) -> None:
    recipe, training, spec = job.recipe, job.training, job.recipe.student_spec()
    held_out = make_pairs(job.val, spec.scale)

    def batches(step: int) -> Batch:
        return job.crops.batch(step, recipe.batch, job.cache).to(job.device)

    def evaluate(network: nn.Module) -> float:
        upscale = torch_upscaler(network, spec, job.device)
        return float(np.mean([psnr_y(upscale(pair.lr).picture, pair.hr, spec.scale) for pair in held_out]))

    state = folder.load_state()
    if state:
        training.load_state_dict(state)
    folder.tidy(training.step)
    if job.cache and training.step < recipe.steps:
        job.cache.fill(job.crops.pairs, quiet)
    train(recipe, training, batches, evaluate, folder, job.device, quiet)
    checkpoint.save(folder.path, recipe.student.name, recipe.student_options(), training.average)


def _finish(job: Job, folder: RunFolder) -> dict[str, Any]:
    """Score the kept weights and write metrics, curves and sample strips."""
    trained = checkpoint.load(folder.path)
    deployed = trained.deployed()
    upscaler = torch_upscaler(deployed.to(job.device), trained.spec, job.device)
    metrics = {
        "recipe": job.recipe.model_dump(),
        "parameters": sum(weight.numel() for weight in deployed.parameters()),
        "steps": job.recipe.steps,
        "seconds": round(job.training.seconds, 1),
        "validation": score(upscaler, job.val, trained.spec.scale),
        "weights_sha256": trained.digest,
        "teacher": job.teacher,
        "start": job.start,
        "versions": {"pocketlens": __version__, "torch": torch.__version__},
    }
    write_text(folder.path / METRICS, to_json(metrics) + "\n")
    if rows := folder.curves():
        draw_curves(rows, folder.path / CURVES)
    draw_strip(make_pairs(job.val[:4], trained.spec.scale), upscaler, folder.path / SAMPLES)
    return metrics
