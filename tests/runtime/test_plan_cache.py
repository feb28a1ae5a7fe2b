"""Plans are built once, and never used where they do not fit."""

from __future__ import annotations

import sys
import threading
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundles import upscaler_graph
from fake_tensorrt import install
from pocketlens.core.catalog import ENGINES
from pocketlens.core.plan_facts import facts_file, read_facts
from pocketlens.core.tensorrt_plan import pick_flavour
from pocketlens.runtime.plans import plans_of
from pocketlens.runtime.resolve import open_bundle


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("POCKETLENS_CACHE", str(tmp_path))
    install(monkeypatch)
    return tmp_path / "plans"


def loaded(seed: int = 0, engine: str = "tensorrt") -> list[str]:
    """The notes of a program that was loaded and works."""
    program = ENGINES.get(engine).load(upscaler_graph(seed=seed), 1)
    assert program.run({"frame": np.zeros((1, 1, 2, 2), np.float32)})["upscaled"].shape == (1, 1, 4, 4)
    program.close()
    return list(program.notes)


def built() -> int:
    """How many plans the TensorRT in place has built."""
    return len(sys.modules["tensorrt"].built)


def plan_in(cache: Path) -> Path:
    (plan,) = cache.glob("*.plan")
    return plan


def test_a_plan_is_built_on_first_use_with_its_facts_beside_it(cache: Path):
    assert loaded() == [] and built() == 1
    facts = read_facts(plan_in(cache))
    assert (facts.flavour, facts.version, facts.device) == ("tensorrt", "10.3.0", "NVIDIA A10")
    assert facts.profile.max == "1920x1920"
    assert loaded() == [] and built() == 1


def test_each_graph_flavour_version_and_device_has_a_plan_of_its_own(cache: Path, monkeypatch: pytest.MonkeyPatch):
    assert loaded() == loaded(seed=1) == loaded(engine="tensorrt_rtx") == []
    install(monkeypatch, version="11.4.0")
    assert loaded() == []
    install(monkeypatch, name=b"NVIDIA Orin")
    assert loaded() == []
    assert len(list(cache.glob("*.plan"))) == 5
    install(monkeypatch)
    assert loaded() == [] and built() == 0


def cut(plan: Path) -> None:
    plan.write_bytes(plan.read_bytes()[:-100])


def altered(plan: Path) -> None:
    plan.write_bytes(plan.read_bytes()[:-1] + b"?")


def without_facts(plan: Path) -> None:
    facts_file(plan).unlink()


def with_facts(**changes: Any):
    def change(plan: Path) -> None:
        text = read_facts(plan).model_copy(update=changes).model_dump_json()
        facts_file(plan).write_text(text, encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (cut, "cut short or replaced"),
        (altered, "its bytes were altered"),
        (without_facts, "has no sound facts beside it"),
        (with_facts(version="8.6.1"), "built by TensorRT 8.6.1, and here is 10.3.0"),
        (with_facts(device="NVIDIA H200"), "built on NVIDIA H200, and not on NVIDIA A10"),
        (with_facts(compute_capabilities=["90"]), "compute capability 9.0, and not for 8.6"),
        (with_facts(source_sha256="0" * 64), "built from another graph"),
        (with_facts(flavour="rtx"), "is for TensorRT for RTX"),
    ],
    ids=["cut", "altered", "no facts", "version", "device", "capability", "graph", "flavour"],
)
def test_a_kept_plan_that_is_not_fit_is_built_again_and_the_reason_told(cache: Path, harm: Any, told: str):
    loaded()
    harm(plan_in(cache))
    (note,) = loaded()
    assert told in note and note.endswith("; it is built again from the graph")
    assert built() == 2
    assert loaded() == [] and built() == 2


def test_a_plan_that_tensorrt_does_not_take_is_built_again(cache: Path):
    loaded()
    junk, plan = b"not of this TensorRT", plan_in(cache)
    plan.write_bytes(junk)
    with_facts(bytes=len(junk), sha256=sha256(junk).hexdigest())(plan)
    (note,) = loaded()
    assert "cannot be loaded; it is built again" in note
    assert loaded() == []


def test_a_cache_that_cannot_be_written_is_told_and_does_no_harm(cache: Path):
    cache.write_text("a file where the folder should be")
    (note,) = loaded()
    assert "the plan will be built again next time" in note


def test_two_that_build_at_once_do_each_other_no_harm(cache: Path):
    notes: list[str] = []
    threads = [threading.Thread(target=lambda: notes.extend(loaded())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = {path.suffix for path in cache.iterdir()}
    assert left == {".plan", ".json", ".timings"} and len(list(cache.iterdir())) == 3, "nothing is left over"
    loaded()
    assert loaded() == []


def test_a_plan_serves_frames_in_the_steps_that_its_network_takes(cache: Path):
    graph = open_bundle("ifnet-lite").graph("fp16", "motion", "tensorrt")
    next(plans_of(graph, pick_flavour("tensorrt"), []))
    profile = read_facts(plan_in(cache)).profile
    assert (profile.min, profile.opt, profile.max) == ("64x64", "384x640", "1920x1920")


def test_tensorrt_for_rtx_builds_a_shipped_model_for_frames_from_one_pixel_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    real = pytest.importorskip("tensorrt_rtx")
    monkeypatch.setenv("POCKETLENS_CACHE", str(tmp_path))
    install(monkeypatch)
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", real)
    graph, notes = open_bundle("sesr-x2").graph("int8", "float", "tensorrt"), list[str]()
    plan = next(plans_of(graph, pick_flavour("rtx"), notes))
    facts = read_facts(plan_in(tmp_path / "plans"))
    assert (facts.profile.min, facts.compute_capabilities, notes) == ("1x1", ["86"], [])
    assert next(plans_of(graph, pick_flavour("rtx"), notes)) == plan and notes == []
