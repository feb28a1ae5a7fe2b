r"""What each distillation term is worth: one student, the same steps, the truth alone against the truth and each term.

    distill run pisr-x2 --data PHOTOS --set steps=10000 --out runs/pisr-x2
    python benchmarks/distillation.py upscaling --data PHOTOS --teacher runs/sesr-x2 --privileged runs/pisr-x2 \
        --score SET --score SET --steps 4000

    distill run ifnet-lite-motion --data CLIPS --data PHOTOS --set teacher=none --set data.synthesised=1.0 \
        --set steps=3000 --out runs/made-motion
    python benchmarks/distillation.py interpolation --data CLIPS --data PHOTOS --teacher flownet.pkl \
        --start runs/made-motion --score SET --score SET --steps 600 --patch 128

An interpolator's start knows the motion of made scenes, and no teacher: a student that knows nothing learns too little
in so few steps to tell the terms apart. Trains every variant from every seed (runs that are done are not done again)
and scores it on each SET, a folder of HR pictures or of triplets. Writes `benchmarks/results/distillation-STUDY.json`,
from which `docs/distillation.md` has its tables, and beside it the learning curves on the first SET.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pocketlens.core.files import whole, write_text
from pocketlens.distill import recipe as recipes
from pocketlens.distill.model import open_model
from pocketlens.distill.recipe import Recipe
from pocketlens.distill.run import run
from pocketlens.distill.run_folder import RunFolder
from pocketlens.distill.score_folder import score_folder

RESULTS = Path(__file__).parent / "results"
CURVES = Path(__file__).parents[1] / "docs" / "images" / "distillation.png"
POINTS = 10
"""Of a learning curve."""
Loss = Mapping[str, Any]


@dataclass(frozen=True)
class Variant:
    """What a student is told beside the truth, and by whom."""

    losses: Sequence[Loss] = ()
    teacher: Literal["none", "teacher", "privileged"] = "none"
    from_decoder: bool = False
    """Whether the student starts as the privileged teacher's decoder, as in PISR."""


@dataclass(frozen=True)
class Study:
    """A student, and its variants."""

    base: str
    """The recipe that is shortened."""
    student: Mapping[str, Any]
    """The plain network, without what recipes add to train it better: that would blur what a term is worth."""
    metric: str
    truth: Loss
    variants: Mapping[str, Variant]


def _pictures() -> Study:
    soft = {"name": "soft", "weight": 0.5, "alpha": 1.0, "norm": "charbonnier"}
    feature = {"name": "feature", "weight": 0.001, "pairs": {"mapped": "trunk"}}
    own = {"name": "feature", "weight": 0.001, "pairs": {"mapped": "mapped"}}
    variants = {
        "truth": Variant(),
        "truth, soft": Variant([soft], "teacher"),
        "truth, feature": Variant([feature], "teacher"),
        # What the start alone gives, for a privileged teacher's student has both the start and the features.
        "truth, start": Variant(from_decoder=True),
        "truth, privileged": Variant([own], "privileged", from_decoder=True),
        "all": Variant([soft, own], "privileged", from_decoder=True),
    }
    return Study(
        "fsrcnn-x2", {"name": "fsrcnn", "scale": 2}, "psnr_y", {"name": "pixel", "norm": "charbonnier"}, variants
    )


def _motion() -> Study:
    pairs = {"fine": "fine", "middle": "middle", "coarse": "coarse"}
    terms: dict[str, Loss] = {
        "picture": {"name": "soft", "weight": 0.2, "alpha": 1.0},
        # The truth's part of `soft` is a second term for the truth here, so it is made small.
        "mask": {"name": "soft", "weight": 0.02, "alpha": 0.0, "mask": 0.25},
        "flow": {"name": "flow", "weight": 0.2},
        "feature": {"name": "feature", "weight": 0.01, "pairs": pairs},
        "privileged": {"name": "privileged", "weight": 1.0},
    }
    taught = {
        # The block that sees the truth is trained along, so this one needs no teacher.
        f"truth, {name}": Variant([term], "none" if name == "privileged" else "teacher")
        for name, term in terms.items()
    }
    variants = {"truth": Variant(), **taught, "all": Variant([*terms.values()], "teacher")}
    return Study("ifnet-lite", {"name": "ifnet_lite"}, "psnr_rgb", {"name": "laplacian"}, variants)


STUDIES = {"upscaling": _pictures(), "interpolation": _motion()}


def shortened(study: Study, variant: Variant, seed: int, options: argparse.Namespace) -> Recipe:
    """The study's recipe with the variant's losses and teacher, and as many steps as asked."""
    base = recipes.load(study.base, train=options.data).model_dump()
    changed = {"steps": options.steps, "eval_every": options.steps // POINTS, "seed": seed}
    changed |= {"loss": [study.truth, *variant.losses], "start": options.start, "student": study.student}
    changed["teacher"] = "none" if variant.teacher == "none" else getattr(options, variant.teacher)
    if variant.from_decoder:
        changed["start"] = options.privileged
    changed["optimiser"] = base["optimiser"] | {"warmup": options.steps // 10}
    changed["data"] = base["data"] | ({"patch": options.patch} if options.patch else {})
    if study.metric == "psnr_y":
        changed["data"] |= {"val": [str(options.score[0])]}
    return Recipe.model_validate(base | changed)


def scores(folder: Path, sets: list[Path], metric: str) -> dict[str, float]:
    """Mean of a run on each set, in dB."""
    model = open_model(str(folder))
    return {path.name: score_folder(model, path, quiet=True)["mean"][metric] for path in sets}


def main() -> None:
    """Train what is missing, score all, write the results so far after each run, and the curves at the end."""
    options = _options()
    study: Study = STUDIES[options.study]
    found: dict[str, list[dict[str, float]]] = {name: [] for name in study.variants}
    folders: dict[str, list[Path]] = {name: [] for name in study.variants}
    for seed in range(options.seeds):
        for name, variant in study.variants.items():
            folder = options.out / options.study / f"{name.replace(', ', '-')}-{seed}"
            if not (folder / "metrics.json").exists():
                run(shortened(study, variant, seed, options), folder, force=True, quiet=True)
            found[name].append(scores(folder, options.score, study.metric))
            folders[name].append(folder)
            print(name, seed, found[name][-1], flush=True)
            facts = {"student": study.base, "steps": options.steps, "seeds": seed + 1}
            content = json.dumps({**facts, "variants": _summary(found)}, indent=1) + "\n"
            write_text(RESULTS / f"distillation-{options.study}.json", content)
    if options.study == "upscaling":
        draw(study, folders, options.score[0].name)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--data", action="append", required=True, help="as of distill run")
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--privileged", help="a teacher that sees the truth, to upscale: a run of pisr-x2")
    parser.add_argument("--start", default="none", help="weights that every variant starts from")
    parser.add_argument("--score", action="append", required=True, type=Path)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--patch", type=int, help="side of the crops, where not the recipe's")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("runs") / "distillation")
    options = parser.parse_args()
    if any(each.from_decoder for each in STUDIES[options.study].variants.values()) and not options.privileged:
        parser.error(f"{options.study} needs --privileged")
    return options


def _summary(found: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Variant -> set -> mean, spread (sample standard deviation) and the score of each seed, in dB."""
    table = {}
    for name, seeds in found.items():
        columns = {key: [scores[key] for scores in seeds] for key in (seeds[0] if seeds else ())}
        table[name] = {
            key: {
                "mean": round(float(np.mean(values)), 3),
                "spread": round(float(np.std(values, ddof=1)), 3) if len(values) > 1 else None,
                "seeds": [round(value, 3) for value in values],
            }
            for key, values in columns.items()
        }
    return table


def draw(study: Study, folders: dict[str, list[Path]], watched: str) -> None:
    """Learning curves of the averaged weights: the mean over the seeds, and from the worst to the best of them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name, seeds in folders.items():
        curves = [RunFolder(folder).curves() for folder in seeds]
        steps = [row["step"] for row in curves[0]]
        values = np.array([[row[study.metric] for row in rows] for rows in curves])
        (line,) = axes.plot(steps, values.mean(0), label=name)
        axes.fill_between(steps, values.min(0), values.max(0), color=line.get_color(), alpha=0.15, linewidth=0)
    axes.set(xlabel="step", ylabel=f"PSNR-Y on {watched}, dB")
    axes.legend()
    with whole(CURVES) as draft:
        figure.savefig(draft, dpi=110)


if __name__ == "__main__":
    main()
