r"""What the models are and what they reach: the figures of `docs/models.md`.

    python benchmarks/models.py --data Set5 --data Set14 --data B100 \
        --data middlebury-other --data ucf101 --data davis \
        --beside fsrcnn_x2.pth --beside fsrcnn_x3.pth --beside fsrcnn_x4.pth --beside flownet.pkl

Scores every run in `students/weights` on every set of its task, worn where it learned from worn pictures, the int8 of
the bundle that was sealed from it, and the weights of others that are given. Writes `benchmarks/results/models.json`,
and from that and what `benchmarks/speeds.py` wrote the page and README's tables; with no `--data`, these alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from models_page import front, front_between, page
from pocketlens.core import checkpoint, triplet
from pocketlens.core.errors import BadInput
from pocketlens.core.files import to_json, write_text
from pocketlens.core.locate import BUNDLES
from pocketlens.core.spec import ModelSpec
from pocketlens.distill import recipe as recipes
from pocketlens.distill.evaluate import Trial, degrader
from pocketlens.distill.model import open_model
from pocketlens.distill.score_folder import score_folder
from pocketlens.export.cost import macs_per_pixel, parameters
from pocketlens.runtime.resolve import open_bundle

HERE = Path(__file__).parent
RUNS = HERE.parent / "students" / "weights"
RESULTS = HERE / "results" / "models.json"
SPEEDS = HERE / "results" / "speeds.json"
PAGE = HERE.parent / "docs" / "models.md"
README = HERE.parent / "README.md"
FRONTS = {"upscalers": front, "interpolators": front_between}
"""The tables of README, by the comment before each."""
PIXELS = 1280 * 720


def facts(run: Path, sets: list[Path]) -> dict[str, Any]:
    """All that the page tells of one run."""
    trained, trained_on = checkpoint.load(run), json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    recipe, deployed, spec = recipes.load(str(run / "recipe.toml")), trained.deployed(), trained.spec
    fitting = fit(spec, sets)
    trial = Trial(degrader(recipe.data.degradation))
    return {
        "name": run.name,
        "task": spec.task,
        "scale": spec.scale,
        "degradation": recipe.data.degradation,
        "parameters": parameters(deployed),
        "macs": macs_per_pixel(deployed, spec) * PIXELS / spec.scale**2,
        "recipe": recipe.summary,
        "steps": recipe.steps,
        "batch": recipe.batch,
        "patch": recipe.data.patch,
        "seconds": trained_on["seconds"],
        "machine": trained_on.get("machine", "not recorded"),
        "data": {source: recipe.card.licence(source) for source in recipe.data.train},
        "scores": {folder.name: scores(str(run), folder, trial) for folder in fitting},
        "int8": int8(run.name, trained.digest, fitting, trial),
    }


def beside(weights: str, sets: list[Path]) -> dict[str, Any]:
    """What the page tells of weights that others trained, on clean pictures."""
    network = checkpoint.load(Path(weights))
    spec, trial = network.spec, Trial(degrader("bicubic"))
    return {
        "name": Path(weights).name,
        "task": spec.task,
        "scale": spec.scale,
        "parameters": parameters(network.network),
        "scores": {folder.name: scores(weights, folder, trial) for folder in fit(spec, sets)},
    }


def fit(spec: ModelSpec, sets: list[Path]) -> list[Path]:
    """The sets that a model of its task is scored on."""
    return [folder for folder in sets if holds_triplets(folder) == (spec.task == "interpolate")]


def holds_triplets(folder: Path) -> bool:
    """Whether a folder is scored on by interpolators."""
    try:
        return bool(triplet.find(folder))
    except BadInput:
        return False


def scores(model: str, folder: Path, trial: Trial, precision: str | None = None) -> dict[str, Any]:
    """The means that `distill eval` gives, and the baseline's."""
    found = score_folder(open_model(model, precision=precision), folder, quiet=True, trial=trial)
    return {"mean": found["mean"], "baseline": found["baseline"]}


def int8(name: str, digest: str, sets: list[Path], trial: Trial) -> dict[str, Any]:
    """Means of the shipped bundle in int8 on each set; nothing where it was not sealed from these weights."""
    if not (BUNDLES / f"{name}.plens").exists() or open_bundle(name).manifest.provenance["weights_sha256"] != digest:
        return {}
    return {folder.name: scores(name, folder, trial, "int8")["mean"] for folder in sets}


def pages() -> dict[Path, str]:
    """Each file that shows the results, as it is to be."""
    results, speeds = (json.loads(path.read_text(encoding="utf-8")) for path in (RESULTS, SPEEDS))
    models, others = results["models"], results["beside"]
    readme = README.read_text(encoding="utf-8")
    for name, table in FRONTS.items():
        begin, end = f"<!-- {name} -->\n", "<!-- end -->"
        before, _, rest = readme.partition(begin)
        readme = f"{before}{begin}{table(models, others)}{end}{rest.partition(end)[2]}"
    return {PAGE: page(models, others, speeds), README: readme}


def main() -> None:
    """Score where there are sets, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", default=[], type=Path, help="HR pictures, or triplets")
    parser.add_argument("--beside", action="append", default=[], help="weights of others, as of distill eval")
    chosen = parser.parse_args()
    if chosen.data:
        runs = [run for run in sorted(RUNS.iterdir()) if (run / "metrics.json").exists()]
        found = {
            "models": [facts(run, chosen.data) for run in runs],
            "beside": [beside(weights, chosen.data) for weights in chosen.beside],
        }
        write_text(RESULTS, to_json(found) + "\n")
    for path, text in pages().items():
        write_text(path, text)


if __name__ == "__main__":
    main()
