"""The facts beside a plan, and why a plan is not to be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from plans import AHEAD, ON_A_GPU, PLAN, kept_plan, request
from pocketlens.core.errors import BadInput
from pocketlens.core.plan_facts import Profile, facts_file, read_facts, why_unfit


def other_profile(least: str, most: str) -> dict[str, Any]:
    return {"profile": Profile(min=least, opt=most, max=most)}


@pytest.mark.parametrize("built", [AHEAD, ON_A_GPU], ids=["ahead of time", "on a GPU"])
def test_a_plan_that_is_what_is_wanted_is_fit(tmp_path: Path, built: dict[str, Any]):
    assert why_unfit(kept_plan(tmp_path, request(**built)), request(**built)) is None


@pytest.mark.parametrize(
    "wanted",
    [
        {"compute_capabilities": ["89"]},
        other_profile("100x100", "720x1280"),
        {"workspace_mib": 64},
        {"source": "renamed.onnx"},
    ],
    ids=str,
)
def test_a_plan_that_serves_more_than_is_wanted_is_fit(tmp_path: Path, wanted: dict[str, Any]):
    assert why_unfit(kept_plan(tmp_path, request()), request(**wanted)) is None


@pytest.mark.parametrize(
    ("built", "wanted", "reason"),
    [
        (AHEAD, ON_A_GPU, "is for TensorRT for RTX, and not for TensorRT"),
        (ON_A_GPU, {**ON_A_GPU, "version": "11.4.1"}, "was built by TensorRT 10.3.0, and here is 11.4.1"),
        (AHEAD, {"compute_capabilities": ["120"]}, "was built for compute capability 8.6, 8.9, and not for 12.0"),
        (ON_A_GPU, {**ON_A_GPU, "device": "Orin Nano"}, "was built on Orin, and not on Orin Nano"),
        (ON_A_GPU, {**ON_A_GPU, "multiprocessors": 8}, "was built on 16 multiprocessors, and not on 8"),
        (AHEAD, {"source_sha256": "1" * 64}, "was built from another graph than sesr.onnx now is"),
        (AHEAD, other_profile("32x64", "360x640"), "serves frames of 64x64 to 1080x1920, and not of 32x64"),
        (AHEAD, other_profile("64x64", "1088x1920"), "serves frames of 64x64 to 1080x1920, and not of 1088x1920"),
    ],
)
def test_a_foreign_or_stale_plan_is_not_to_be_used(
    tmp_path: Path, built: dict[str, Any], wanted: dict[str, Any], reason: str
):
    assert why_unfit(kept_plan(tmp_path, request(**built)), request(**wanted)) == reason


def test_a_plan_that_was_cut_short_or_altered_is_not_to_be_used(tmp_path: Path):
    plan = kept_plan(tmp_path, request())
    plan.write_bytes(PLAN[:-1])
    assert (
        why_unfit(plan, request())
        == f"has {len(PLAN) - 1} bytes, and {len(PLAN)} were built: it was cut short or replaced"
    )
    plan.write_bytes(PLAN[:-1] + b"?")
    assert why_unfit(plan, request()) == "is not as it was built: its bytes were altered"


@pytest.mark.parametrize("content", [b"", b"precious", b"{}", b"[" * 100_000, b'{"flavour": "rtx"}'])
def test_a_plan_without_sound_facts_is_not_to_be_used(tmp_path: Path, content: bytes):
    plan = kept_plan(tmp_path, request())
    facts_file(plan).write_bytes(content)
    assert why_unfit(plan, request()) == "has no sound facts beside it, in a.plan.json"
    with pytest.raises(BadInput, match=r"a\.plan\.json does not hold the facts of a plan: "):
        read_facts(plan)
    facts_file(plan).unlink()
    assert why_unfit(plan, request()) == "has no sound facts beside it, in a.plan.json"
    plan.unlink()
    assert why_unfit(plan, request()) == "cannot be read (No such file or directory)"


def test_the_keys_that_scripts_read_are_all_there(tmp_path: Path):
    facts = json.loads(facts_file(kept_plan(tmp_path, request())).read_text())
    known = {
        "flavour",
        "version",
        "compute_capabilities",
        "profile",
        "source",
        "source_sha256",
        "bytes",
        "build_seconds",
    }
    assert known | {"bytes", "build_seconds"} <= facts.keys()
    assert facts["profile"] == {"min": "64x64", "opt": "360x640", "max": "1080x1920"}


@pytest.mark.parametrize(
    ("size", "served"), [((64, 64), True), ((1080, 1920), True), ((63, 64), False), ((64, 1921), False)]
)
def test_a_profile_serves_what_lies_between_its_ends(size: tuple[int, int], served: bool):
    reason = Profile.of([(64, 64), (360, 640), (1080, 1920)]).why_not(size)
    assert (reason is None) == served
