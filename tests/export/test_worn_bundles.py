"""A model of worn pictures is sealed, and verified, on worn ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import pocketlens
from contracts import changed
from pocketlens.core import picture
from pocketlens.core.bundle import Bundle, read
from pocketlens.core.degradation import degraded
from pocketlens.core.resize import shrink
from pocketlens.core.verdict import Verdict
from pocketlens.distill import run as distil
from pocketlens.distill.recipe import Recipe
from pocketlens.runtime.contract.verify import Examined, examine, read_sets
from pocketlens.runtime.resolve import open_bundle
from runs import recipe, write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("data") / "photos", 4)


@pytest.fixture(scope="module")
def worn_run(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "worn"
    content = recipe(photos, data={"train": [str(photos)], "patch": 16, "degradation": "real"})
    distil.run(Recipe.model_validate(content), out, quiet=True)
    return out


@pytest.fixture(scope="module")
def sealed(worn_run: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bundle") / "worn.plens"
    words = ("--calib", photos, "--data", photos, "--precisions", "fp32,int8", "--seconds", 0, "--quiet")
    assert pocketlens("export", "bundle", worn_run, "-o", out, *words) == 0
    return out


def examined(bundle: Bundle, folder: Path) -> Examined:
    """What `verify` finds on onnxruntime."""
    return examine(bundle, None, read_sets(bundle, [folder]), "onnxruntime", 1, 0, lambda steps=1, note="": None)


def test_its_manifest_says_so_and_its_samples_are_worn(sealed: Path):
    bundle = read(sealed)
    assert bundle.manifest.degradation == "real"
    for sample in bundle.manifest.samples:
        lr, _, truth = (picture.decode(bundle.files[name], name) for name in sample.files())
        np.testing.assert_array_equal(lr, degraded(truth, 2, "real"))
        assert not np.array_equal(lr, shrink(truth, 2))


def test_its_scores_are_those_of_the_run_on_worn_pictures(sealed: Path, worn_run: Path, photos: Path, tmp_path: Path):
    scores = tmp_path / "scores.json"
    judged = ["--data", photos, "--degradation", "real", "--json", scores, "-q"]
    assert pocketlens("distill", "eval", worn_run, *judged) == 0
    told, quality = json.loads(scores.read_text()), read(sealed).manifest.quality["photos"]
    assert quality["psnr_y_fp32"] == pytest.approx(told["mean"]["psnr_y"], abs=0.005)
    assert quality["psnr_y_bicubic"] == pytest.approx(told["baseline"]["psnr_y"], abs=0.002)


def test_it_passes_on_the_owners_pictures_which_are_worn_again(sealed: Path, photos: Path, capsys):
    assert pocketlens("verify", sealed, "--data", photos, "--seconds", 0, "--json", "-") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["limits"]}
    for name in ("psnr fp32 onnxruntime samples", "psnr int8 onnxruntime photos"):
        assert (rows[name]["verdict"], rows[name]["value"]) == ("pass", 0)


def test_clean_pictures_in_their_place_score_otherwise(sealed: Path, photos: Path):
    bundle = read(sealed)
    clean = {
        sample.files()[0]: picture.encode(shrink(picture.decode(bundle.files[sample.truth], sample.truth), 2))
        for sample in bundle.manifest.samples
    }
    swapped = changed(Bundle(bundle.manifest, {**bundle.files, **clean}, "swapped"), degradation="bicubic")
    worn, other = examined(bundle, photos), examined(swapped, photos)
    for name in ("samples", "photos"):
        ours, theirs = (one.measured["onnxruntime", "fp32"].scores[name]["psnr"] for one in (worn, other))
        assert np.abs(np.subtract(ours, theirs)).max() > 1
        verdicts = [row.verdict for row in other.rows if row.name == f"psnr fp32 onnxruntime {name}"]
        assert verdicts == [Verdict.UNDECIDED], "nothing was sealed of these pictures"


def test_a_checkpoint_is_verified_on_worn_pictures_too(worn_run: Path):
    assert open_bundle(str(worn_run)).manifest.degradation == "real"
