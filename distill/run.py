"""`distill run`: a recipe and pictures in, a run folder out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from .. import __version__
from ..core import checkpoint
from ..core.catalog import RULES
from ..core.errors import BadInput, MachineCannot
from ..core.files import to_json, write_text
from ..core.locate import is_bundle, locate
from .batch import Batch
from .fake_quant import imitate_int8
from .fingerprint import Fingerprints, fingerprints
from .interpolation import Interpolation
from .loop import Training, begin_int8, prepare, train
from .loss import WeightedSum
from .material import Material
from .plots import draw_curves
from .recipe import Recipe
from .run_folder import CURVES, METRICS, SAMPLES, RunFolder
from .start import load_start, scale_of
from .upscaling import Upscaling


@dataclass(frozen=True)
class Job:
    """Everything a run works on, read and checked before the run folder is touched."""

    recipe: Recipe
    device: torch.device
    material: Material
    data: Fingerprints
    teacher: checkpoint.Checkpoint | None
    start: dict[str, str] | None
    """Name and hash of the weights that it started from, for the record."""
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
    if resume:
        folder.require_same_data(job.data)
    else:
        folder.record_data(job.data)
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
    teacher, start, task = load_teacher(recipe), load_start(recipe), recipe.student_spec().task
    losses = WeightedSum(recipe.loss, teacher is not None, task)
    kind = Interpolation if task == "interpolate" else Upscaling
    material = kind(recipe, teacher, losses.teacher_taps, device, quiet)
    int8 = RULES.get("int8")(start, recipe.quantize.processor, recipe.quantize.picture) if recipe.quantize else ()
    training = prepare(recipe, losses, start, material.probe(), device, int8)
    started = {"name": recipe.start, "weights_sha256": start.digest} if start else None
    data = fingerprints(recipe.data, material.files)
    return Job(recipe, device, material, data, teacher, started, training)


def load_teacher(recipe: Recipe) -> checkpoint.Checkpoint | None:
    """The recipe's teacher, or None; raises BadInput when it cannot teach the student."""
    if recipe.teacher == "none":
        return None
    path, student = locate(recipe.teacher), recipe.student_spec()
    if is_bundle(path):
        raise BadInput(f"{recipe.teacher} is a bundle; a teacher is a run folder or a checkpoint")
    teacher = checkpoint.load(path, guess=scale_of(student))
    if teacher.spec.task != student.task:
        raise BadInput(f"the teacher {recipe.teacher} is made to {teacher.spec.task}, the student to {student.task}")
    if teacher.spec.scale % student.scale:
        raise BadInput(
            f"the teacher {recipe.teacher} upscales x{teacher.spec.scale}, not x{student.scale} or a multiple of it"
        )
    return teacher


def _train(job: Job, folder: RunFolder, quiet: bool) -> None:
    recipe, training, material = job.recipe, job.training, job.material

    def batches(step: int) -> Batch:
        return material.batch(step).to(job.device)

    state = folder.load_state()
    if state:
        training.load_state_dict(state)
    folder.tidy(training.step)
    if training.step < recipe.steps:
        material.fill(quiet)
    if recipe.quantize and not training.step:
        begin_int8(training, batches)
    train(recipe, training, batches, material.watch, material.metric, folder, job.device, quiet)
    checkpoint.save(folder.path, recipe.student.name, recipe.student_options(), training.average)


def _finish(job: Job, folder: RunFolder) -> dict[str, Any]:
    """Score the kept weights, in int8 where they were trained in it, and write metrics, curves and sample strips."""
    trained = checkpoint.load(folder.path)
    deployed = trained.deployed()
    parameters = sum(weight.numel() for weight in deployed.parameters())
    if job.recipe.quantize:
        imitate_int8(deployed, trained.ranges, job.recipe.quantize.signed)
    deployed.to(job.device).eval()
    metrics = {
        "recipe": job.recipe.model_dump(exclude_none=True),
        "parameters": parameters,
        "steps": job.recipe.steps,
        "seconds": round(job.training.seconds, 1),
        "validation": job.material.score(deployed, trained.spec),
        "weights_sha256": trained.digest,
        "data": job.data if folder.data_file.exists() else None,
        "teacher": _taught_by(job),
        "start": job.start,
        "machine": _machine(job.device),
        "versions": {"pocketlens": __version__, "torch": torch.__version__},
    }
    write_text(folder.path / METRICS, to_json(metrics) + "\n")
    if rows := folder.curves():
        draw_curves(rows, job.material.metric, folder.path / CURVES)
    job.material.draw(deployed, folder.path / SAMPLES)
    return metrics


def _taught_by(job: Job) -> dict[str, Any] | None:
    """The teacher for the record, and what it reaches itself."""
    if not job.teacher:
        return None
    reached = job.material.score(job.teacher.network, job.teacher.spec)["mean"]
    return {"name": job.recipe.teacher, "weights_sha256": job.teacher.digest, "validation": reached}


def _machine(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    from ..runtime.machine import processor_name

    threads = torch.get_num_threads()
    return f"{processor_name()}, {threads} thread{'s' * (threads > 1)}"
