"""The `distill` commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.commands import Force, Json, LazyGroup, Quiet, refuse_report, report, run_group
from ..core.errors import need

GROUP = LazyGroup(
    "distill",
    "Train teachers, distil students, score them. Example: distill run sesr-x2 --data photos --out runs/sesr",
    {
        "run": ("Train or distil from a recipe into a run folder.", "distill.cli:run_recipe"),
        "eval": ("Score a model on a folder of HR pictures, or of triplets.", "distill.cli:evaluate"),
        "blend": ("Blend the weights of two runs of one network.", "distill.cli:blend_weights"),
        "list": ("List teachers, students, losses and recipes.", "distill.cli:list_all"),
    },
)


def run_recipe(
    recipe: Annotated[str, typer.Argument(help="Name of a shipped recipe, or a TOML file.")],
    out: Annotated[Path | None, typer.Option(help="Run folder; default runs/RECIPE.")] = None,
    change: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change the recipe.")] = None,
    data: Annotated[list[str] | None, typer.Option(help="Folder of HR pictures to train on.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run folder stopped.")] = False,
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Train or distil from a recipe into a run folder.

    Example: distill run sesr-x2 --data photos --set steps=20000 --out runs/sesr
    """
    refuse_report(json_file, force or resume)
    need("torch", "train")
    from . import recipe as recipes
    from .run import run

    chosen = recipes.load(recipe, change or [], data or [])
    folder = out or Path("runs") / Path(recipe).stem
    metrics = run(chosen, folder, device, resume, force, quiet)

    def line() -> str:
        return f"{folder}, on its validation pictures: {summary(metrics['validation'])}"

    report(metrics, json_file, line, quiet)


def evaluate(
    model: Annotated[str, typer.Argument(help="Run folder, checkpoint, bundle, or shipped model.")],
    data: Annotated[Path, typer.Option(help="Folder of HR pictures, or of triplets: a folder of three pictures each.")],
    scale: Annotated[int | None, typer.Option(help="Scale, for a checkpoint that does not tell.")] = None,
    precision: Annotated[str | None, typer.Option(help="fp32, fp16 or int8, of a bundle.")] = None,
    engine: Annotated[str | None, typer.Option(help="Engine for a bundle.")] = None,
    degradation: Annotated[
        str, typer.Option(metavar="bicubic|real", help="How LR pictures are made: shrunk, or worn as by a real camera.")
    ] = "bicubic",
    teacher: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Hold the pictures against those of this model too.")
    ] = None,
    perceptual: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Score by a perceptual distance too: the file of its backbone.")
    ] = None,
    lpips: Annotated[
        Path | None, typer.Option(metavar="FILE", help="LPIPS's linear layers for the backbone of --perceptual.")
    ] = None,
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Score a model: one that upscales on a folder of HR pictures, bicubic beside it; one that interpolates on a
    folder of triplets, frame averaging beside it.

    --degradation real blurs, shrinks, adds noise and compresses as Real-ESRGAN's training does, each picture always
    in the same way. --perceptual takes a VGG16, VGG19 or SqueezeNet 1.1 in torchvision's names; lower is nearer.

    Example: distill eval sesr-x2 --data photos --json scores.json

    Example: distill eval runs/real --data photos --degradation real --teacher RealESRGAN_x4plus.pth
    """
    refuse_report(json_file, force)
    from .evaluate import PLAIN
    from .model import open_model
    from .score_folder import score_folder
    from .trial import open_trial

    opened = open_model(model, scale, precision, engine)
    trial = open_trial(opened, degradation, teacher, perceptual, lpips)
    result = score_folder(opened, data, quiet, trial)
    if trial != PLAIN:
        asked = {"degradation": degradation, "teacher": teacher, "perceptual": perceptual, "lpips": lpips}
        result["trial"] = {option: str(value) for option, value in asked.items() if value}
    report(result, json_file, lambda: score_table(result), quiet)


# Score -> how it is shown.
_SHOWN = {
    "upscale": {
        "psnr_y": "PSNR-Y {:6.2f} dB",
        "ssim_y": "SSIM-Y {:.4f}",
        "perceptual": "perceptual {:.4f}",
        "psnr_y_to_teacher": "to the teacher {:6.2f} dB",
        "ssim_y_to_teacher": "{:.4f}",
        "perceptual_to_teacher": "{:.4f}",
    },
    "interpolate": {"psnr_rgb": "PSNR {:6.2f} dB", "ssim_rgb": "SSIM {:.4f}", "ie": "error {:5.2f}"},
}


def _shown(task: str, scores: dict[str, Any]) -> str:
    return "  ".join(form.format(scores[key]) for key, form in _SHOWN[task].items() if key in scores)


def summary(result: dict[str, Any]) -> str:
    """The mean scores and the baseline's, on one line."""
    task, mean, baseline = result["task"], result["mean"], result["baseline"]
    return f"{_shown(task, mean)} ({baseline['name']}: {_shown(task, baseline)})"


def score_table(result: dict[str, Any]) -> str:
    """The scores as aligned text."""
    rows = [*result["items"], {"name": "mean", **result["mean"]}, result["baseline"]]
    width = max(len(row["name"]) for row in rows)
    text = [f"{row['name']:<{width}}  {_shown(result['task'], row)}" for row in rows]
    direct = result["mean"].get("psnr_y_direct")
    return "\n".join([*text, *([f"direct luma, as papers count: {direct:.2f} dB"] if direct else [])])


def blend_weights(
    first: Annotated[str, typer.Argument(metavar="A", help="Run folder or checkpoint.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The same of the same network.")],
    alpha: Annotated[float, typer.Option(help="Share of B, from 0 to 1.")],
    out: Annotated[Path, typer.Option(help="Folder for the blended weights.")],
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Blend the weights of two runs of one network: of A what --alpha leaves, of B that share.

    Between ESRGAN's two stages it trades fidelity for sharpness, and takes the second's artefacts away.

    Example: distill blend runs/esrgan-x4-psnr runs/esrgan-x4-gan --alpha 0.2 --out runs/esrgan-x4
    """
    refuse_report(json_file, force)
    need("torch", "train")
    from .blend import blend

    facts = blend(first, second, alpha, out, force)
    report(facts, json_file, lambda: f"{out}: {1 - alpha:g} of {first}, {alpha:g} of {second}", quiet)


def list_all(force: Force = False, json_file: Json = None, quiet: Quiet = False) -> None:
    """List teachers, students, losses and recipes, each with one line.

    Example: distill list
    """
    refuse_report(json_file, force)
    from ..core.catalog import LOSSES, STUDENTS, TEACHERS
    from ..core.locate import shipped_teachers
    from . import recipe as recipes

    groups = {
        "teachers": TEACHERS.summaries(),
        "students": STUDENTS.summaries(),
        "losses": LOSSES.summaries(),
        "recipes": recipes.summaries(),
        "shipped teachers": {name: str(path) for name, path in shipped_teachers().items()},
    }

    def lines() -> str:
        return "\n".join(
            "\n".join([f"{group}:", *(f"  {name:<16} {line}" for name, line in members.items())])
            for group, members in groups.items()
            if members
        )

    report(groups, json_file, lines, quiet)


def main() -> None:
    """Entry point of `distill`."""
    run_group(GROUP)
