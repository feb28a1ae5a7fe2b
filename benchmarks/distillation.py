r"""What each distillation term is worth: one student, the same steps, truth alone against truth and each term.

    distill run ifnet-lite-motion --data CLIPS --data PHOTOS --set teacher=none --set data.synthesised=1.0 \
        --set steps=3000 --out runs/made-motion
    python benchmarks/distillation.py --data CLIPS --data PHOTOS --teacher flownet.pkl --start runs/made-motion \
        --score SET --score SET

The start knows the motion of made scenes, and no teacher: a student that knows nothing learns too little in
so few steps to tell the terms apart. Trains every variant from every seed (runs that are done are not done
again) and scores it on each SET, a folder of triplets. Writes `benchmarks/results/distillation.json`, from
which `docs/distillation.md` has its table.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from pocketlens.core.files import write_text
from pocketlens.distill import recipe as recipes
from pocketlens.distill.model import open_model
from pocketlens.distill.recipe import Recipe
from pocketlens.distill.run import run
from pocketlens.distill.score_folder import score_folder

RESULTS = Path(__file__).parent / "results" / "distillation.json"
BASE = "ifnet-lite"
TRUTH = {"name": "laplacian"}
TERMS: dict[str, dict[str, Any]] = {
    "picture": {"name": "soft", "weight": 0.2, "alpha": 1.0},
    # The truth's part of `soft` is a second term for the truth here, so it is made small.
    "mask": {"name": "soft", "weight": 0.02, "alpha": 0.0, "mask": 0.25},
    "flow": {"name": "flow", "weight": 0.2},
    "feature": {"name": "feature", "weight": 0.01, "pairs": {"fine": "fine", "middle": "middle", "coarse": "coarse"}},
    "privileged": {"name": "privileged", "weight": 1.0},
}
VARIANTS = {
    "truth": [TRUTH],
    **{f"truth, {name}": [TRUTH, term] for name, term in TERMS.items()},
    "all": [TRUTH, *TERMS.values()],
}


def variant(losses: list[dict[str, Any]], seed: int, options: argparse.Namespace) -> Recipe:
    """The base recipe with these losses, shortened."""
    base = recipes.load(BASE, train=options.data).model_dump()
    taught = any(loss["name"] in ("soft", "feature", "flow") for loss in losses)
    changed = {"steps": options.steps, "eval_every": options.steps, "seed": seed, "loss": losses}
    changed |= {"start": options.start, "teacher": options.teacher if taught else "none"}
    changed["optimiser"] = base["optimiser"] | {"warmup": options.steps // 10}
    changed["data"] = base["data"] | {"patch": options.patch}
    return Recipe.model_validate(base | changed)


def scores(folder: Path, sets: list[Path]) -> dict[str, float]:
    """Mean RGB PSNR of a run on each set, in dB."""
    model = open_model(str(folder))
    return {path.name: score_folder(model, path, quiet=True)["mean"]["psnr_rgb"] for path in sets}


def main() -> None:
    """Train what is missing, score all, write the results so far after each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", required=True, help="as of distill run")
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--start", default="none", help="weights that every variant starts from")
    parser.add_argument("--score", action="append", required=True, type=Path)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--patch", type=int, default=128)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("runs") / "distillation")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {name: [] for name in VARIANTS}
    for seed in range(options.seeds):
        for name, losses in VARIANTS.items():
            folder = options.out / f"{name.replace(', ', '-')}-{seed}"
            if not (folder / "metrics.json").exists():
                run(variant(losses, seed, options), folder, force=True, quiet=True)
            found[name].append(scores(folder, options.score))
            print(name, seed, found[name][-1], flush=True)
            facts = {"steps": options.steps, "patch": options.patch, "student": BASE}
            write_text(options.results, json.dumps({**facts, "variants": _summary(found)}, indent=1) + "\n")


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


if __name__ == "__main__":
    main()
