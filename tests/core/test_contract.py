"""What a manifest says of measurements: bounded, and optional, for older bundles say nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bundles import make_bundle
from pocketlens.core.bundle import read, write
from pocketlens.core.contract import MEASURES, MOST_PICTURES, Contract
from pocketlens.core.errors import BadBundle
from pocketlens.core.limits import Limits
from pocketlens.core.manifest import parse

SCORES = {"engine": "onnxruntime", "precision": "fp32", **{measure: [1.0, 2.0] for measure in MEASURES}}
RECORDING = {
    "engine": "onnxruntime", "version": "1", "precision": "fp32", "threads": 1, "processor": "a", "reference": "b",
    "ratio": 2.0, "noise": 0.01, "memory_mib": 100.0,
}  # fmt: skip
FACTS: dict[str, Any] = {
    "limits": {"psnr": 0.05},
    "sets": {"samples": {"sha256": "0" * 64, "pictures": 2, "scores": [SCORES]}},
    "graphs": [{"file": "graphs/a.onnx", "psnr": [1.0, 2.0], "brightness": [0.0, 0.1]}],
    "soundness": [{"engine": "onnxruntime", "precision": "fp32", "tiled": 0.0, "odd_sizes": 1.0}],
    "recordings": [RECORDING],
}


def parsed(folder: Path, contract: Any) -> Contract | None:
    facts = read(make_bundle(folder / "a.plens")).manifest.model_dump()
    return parse(json.dumps({**facts, "contract": contract}).encode(), "a.plens").contract


def test_a_manifest_without_one_opens(tmp_path: Path):
    facts = read(make_bundle(tmp_path / "a.plens")).manifest.model_dump()
    del facts["contract"]
    assert parse(json.dumps(facts).encode(), "a.plens").contract is None


def test_it_is_read_as_it_was_written(tmp_path: Path):
    bundle = read(make_bundle(tmp_path / "a.plens"))
    contract = Contract.model_validate(FACTS)
    write(tmp_path / "b.plens", bundle.manifest.model_copy(update={"contract": contract}), bundle.files)
    assert read(tmp_path / "b.plens").manifest.contract == contract


def changed(*path: str | int, value: Any) -> dict[str, Any]:
    facts = json.loads(json.dumps(FACTS))
    place = facts
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return facts


@pytest.mark.parametrize(
    "facts",
    [
        changed("more", value=1),
        changed("limits", "psnr", value=-1),
        changed("limits", "latency", value=0),
        changed("limits", "worst", value=0.5),
        changed("limits", "pnsr", value=1),
        changed("sets", "a\n", value={}),
        changed("sets", "samples", "sha256", value="g" * 64),
        changed("sets", "samples", "pictures", value=10**9),
        changed("sets", "samples", "pictures", value=3),
        changed("sets", "samples", "scores", value=[SCORES] * 99),
        changed("sets", "samples", "scores", 0, "psnr", value=[]),
        changed("sets", "samples", "scores", 0, "psnr", value=[1.0] * (MOST_PICTURES + 1)),
        changed("sets", "samples", "scores", 0, "psnr", value=[1e9, 1e9]),
        changed("sets", "samples", "scores", 0, "psnr", value=[1.0]),
        changed("sets", "samples", "scores", 0, "precision", value="int4"),
        changed("graphs", 0, "psnr", value=[1.0]),
        changed("graphs", 0, "file", value="a\n"),
        changed("graphs", value=FACTS["graphs"] * 101),
        changed("soundness", 0, "tiled", value=256),
        changed("recordings", 0, "ratio", value=0),
        changed("recordings", 0, "noise", value=-1),
        changed("recordings", 0, "threads", value=0),
        changed("recordings", 0, "processor", value="\x1b[31m"),
        changed("recordings", 0, "memory_mib", value=0),
        changed("recordings", value=[RECORDING] * 999),
        "none",
    ],
    ids=str,
)
def test_facts_that_nobody_measured_are_refused(tmp_path: Path, facts: Any):
    with pytest.raises(BadBundle, match="not valid: contract"):
        parsed(tmp_path, facts)


def test_scores_of_no_number_are_refused(tmp_path: Path):
    text = json.dumps(read(make_bundle(tmp_path / "a.plens")).manifest.model_dump() | {"contract": FACTS})
    with pytest.raises(BadBundle, match="contract"):
        parse(text.replace("[1.0, 2.0]", "[1.0, NaN]").encode(), "a.plens")


def test_a_task_has_a_gap_of_its_own_where_the_owner_states_none():
    assert Limits().of_task("upscale").gap == 0.1
    assert Limits().of_task("interpolate").gap == 0.15
    assert Limits(gap=0.3).of_task("upscale").gap == 0.3
