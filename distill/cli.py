"""The `distill` commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.commands import Force, Json, LazyGroup, Quiet, report, run_group
from ..core.errors import need

if TYPE_CHECKING:
    import numpy as np

GROUP = LazyGroup(
    "distill",
    "Train teachers, distil students, score them. Example: distill run sesr-x2 --data photos --out runs/sesr",
    {
        "run": ("Train or distil from a recipe into a run folder.", "distill.cli:run_recipe"),
        "eval": ("Score a model on a folder of HR pictures.", "distill.cli:evaluate"),
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
    need("torch", "train")
    from . import recipe as recipes
    from .run import run

    chosen = recipes.load(recipe, change or [], data or [])
    folder = out or Path("runs") / Path(recipe).stem
    metrics = run(chosen, folder, device, resume, force, quiet)

    def lines() -> str:
        scores = metrics["validation"]
        return (
            f"{folder}: PSNR-Y {scores['mean']['psnr_y']:.2f} dB, SSIM-Y {scores['mean']['ssim_y']:.4f} on its "
            f"validation pictures ({scores['baseline']['name']}: {scores['baseline']['psnr_y']:.2f} dB)"
        )

    report(metrics, json_file, lines, quiet)


def evaluate(
    model: Annotated[str, typer.Argument(help="Run folder, checkpoint, bundle, or shipped model.")],
    data: Annotated[Path, typer.Option(help="Folder of HR pictures.")],
    scale: Annotated[int | None, typer.Option(help="Scale, for a checkpoint that does not tell.")] = None,
    precision: Annotated[str | None, typer.Option(help="fp32, fp16 or int8, of a bundle.")] = None,
    engine: Annotated[str | None, typer.Option(help="Engine for a bundle.")] = None,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Score a model on a folder of HR pictures, bicubic beside it.

    Example: distill eval sesr-x2 --data photos --json scores.json
    """
    from ..core import picture
    from ..core.progress import progress
    from .evaluate import score
    from .model import open_upscaler

    paths = picture.find(data)
    upscaler, factor = open_upscaler(model, scale, precision, engine)
    with progress("eval", len(paths), quiet) as advance:

        def pictures() -> Iterator[tuple[str, np.ndarray]]:
            for path in paths:
                yield path.name, picture.read(path)
                advance()

        result = score(upscaler, pictures(), factor)
    report(result, json_file, lambda: score_table(result), quiet)


def score_table(result: dict[str, Any]) -> str:
    """The scores as aligned text."""
    mean, baseline = result["mean"], result["baseline"]
    rows = [(item["name"], item["psnr_y"], item["ssim_y"]) for item in result["items"]]
    rows += [("mean", mean["psnr_y"], mean["ssim_y"]), (baseline["name"], baseline["psnr_y"], baseline["ssim_y"])]
    width = max(len(row[0]) for row in rows)
    text = [f"{name:<{width}}  {psnr:6.2f} dB  SSIM {ssim:.4f}" for name, psnr, ssim in rows]
    direct = mean["psnr_y_direct"]
    return "\n".join([*text, *([f"direct luma, as papers count: {direct:.2f} dB"] if direct else [])])


def list_all(json_file: Json = None, quiet: Quiet = False) -> None:
    """List teachers, students, losses and recipes, each with one line.

    Example: distill list
    """
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
