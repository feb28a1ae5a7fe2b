"""What is sealed of a run: all that says what it is from, and nobody's folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pocketlens.core.errors import BadInput
from pocketlens.export.provenance import NOT_RECORDED, degradation_of, provenance_of, teacher_of

DATA = {"train": [{"name": "T91", "files": 91, "sha256": "ab" * 32}], "val": []}
RUN: dict[str, Any] = {
    "recipe": {
        "summary": "x2 and/or x3, 50/50",
        "student": {"name": "sesr"},
        "data": {"train": ["/data/of/mine/T91", "sample"], "val": ["../val/Set5"], "sizes": [1.0]},
        "teacher": "/my/rrdb",
        "start": "runs/first",
        "loss": [{"name": "pixel", "norm": "l1/charbonnier"}],
    },
    "data": DATA,
    "teacher": {"name": "/my/rrdb", "weights_sha256": "cd" * 32, "validation": {"psnr_y": 37.5}},
    "start": {"name": "runs/first", "weights_sha256": "ef" * 32},
    "steps": 5,
    "seconds": 1.5,
    "versions": {"torch": "2.13.0"},
}


def write_run(folder: Path, **changes: Any) -> Path:
    """A folder with metrics; a key that is changed to `...` is left out."""
    told = {key: value for key, value in {**RUN, **changes}.items() if value is not ...}
    (folder / "metrics.json").write_text(json.dumps(told))
    return folder


def test_places_are_cut_to_names_and_words_are_left_alone(tmp_path: Path):
    told = provenance_of(write_run(tmp_path))
    recipe = told["recipe"]
    assert recipe["data"] == {"train": ["T91", "sample"], "val": ["Set5"], "sizes": [1.0]}
    assert (recipe["teacher"], recipe["start"]) == ("rrdb", "first")
    assert recipe["summary"] == "x2 and/or x3, 50/50" and recipe["loss"][0]["norm"] == "l1/charbonnier"
    assert told["teacher"] == {**RUN["teacher"], "name": "rrdb"} and told["start"]["name"] == "first"
    assert told["data"] == DATA and told["trained_with"] == RUN["versions"]
    assert "/my" not in json.dumps(told) and "/data" not in json.dumps(told)


def test_what_older_runs_did_not_record_is_said(tmp_path: Path):
    told = provenance_of(write_run(tmp_path, data=..., versions=..., start=..., teacher=None))
    assert (told["data"], told["trained_with"]) == (NOT_RECORDED, NOT_RECORDED)
    assert told["teacher"] is None and told["start"] is None


def test_the_teacher_is_told_with_its_place_for_who_looks_for_it(tmp_path: Path):
    assert teacher_of(tmp_path) is None
    assert teacher_of(write_run(tmp_path)) == ("/my/rrdb", "cd" * 32)
    assert teacher_of(write_run(tmp_path, teacher=None)) is None


@pytest.mark.parametrize("change", [{"recipe": ...}, {"recipe": []}, {"teacher": 3}, {"steps": ...}], ids=str)
def test_metrics_that_are_not_whole_are_refused(tmp_path: Path, change: dict[str, Any]):
    with pytest.raises(BadInput, match="not that of a finished run"):
        provenance_of(write_run(tmp_path, **change))


def test_what_kind_of_pictures_a_run_learned_from(tmp_path: Path):
    assert [
        degradation_of(provenance_of(write_run(tmp_path, recipe=recipe)))
        for recipe in ({"data": {"degradation": "real"}}, RUN["recipe"], {})
    ] == ["real", "bicubic", "bicubic"]
    assert degradation_of({}) == "bicubic"
    with pytest.raises(BadInput, match="a degradation that there is not, 'reel'"):
        degradation_of({"recipe": {"data": {"degradation": "reel"}}})
