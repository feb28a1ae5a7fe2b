"""Latency and memory: what is recorded, what is compared with it, and where nothing can be said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from bundles import make_bundle, upscaler_graph
from contracts import changed, sealed, with_pictures
from loads import timed
from pocketlens.core.bundle import Bundle, read, write
from pocketlens.core.catalog import ENGINES
from pocketlens.core.contract import Recording
from pocketlens.core.errors import BadInput, MachineCannot
from pocketlens.core.verdict import Verdict
from pocketlens.runtime.choose import Choice
from pocketlens.runtime.contract import measured, memory, pace, reference, speed, update
from pocketlens.runtime.contract.row import Row
from pocketlens.runtime.contract.verify import verify

PASS, FAIL, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED


def quiet(steps: int = 1, note: str = "") -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    graphs = {"fp32": upscaler_graph(), "int8": upscaler_graph()}
    return sealed(with_pictures(make_bundle(tmp_path_factory.mktemp("bundle") / "a.plens", graphs=graphs), 2))


def recorded(bundle: Bundle, **facts: object) -> Bundle:
    """The bundle with one recording of this machine."""
    told = {
        "engine": "onnxruntime",
        "version": "1",
        "precision": "fp32",
        "threads": 1,
        "processor": speed.here(),
        "reference": reference.REFERENCE,
        "ratio": 4.0,
        "noise": 0.01,
        "memory_mib": 100.0,
    }
    contract = bundle.manifest.contract
    assert contract
    recording = Recording.model_validate({**told, **facts})
    return changed(bundle, contract=contract.model_copy(update={"recordings": [recording]}))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An idle machine on which models take what they were recorded with."""
    on_a_machine(monkeypatch)
    return monkeypatch


def on_a_machine(patch: pytest.MonkeyPatch, slowness: float = 1.0, mib: float = 100.0, harm: float = 0.0) -> None:
    def rounds(*calls: object, seed: int = 0, clock: object = None) -> np.ndarray:
        return timed("idle", np.random.default_rng(seed), 400, slowness)

    patch.setattr(speed, "rounds", rounds)
    patch.setattr(speed, "watch", lambda threads: lambda: harm)
    for module in (pace, speed):
        patch.setattr(module, "peak_mib", lambda *_: mib)


def on_time(bundle: Bundle, baseline: Bundle | None = None, seconds: float = 60) -> dict[str, Row]:
    rows = verify(bundle, baseline, engine="onnxruntime", seconds=seconds)
    return {row.name: row for row in rows if row.name.startswith(("latency", "memory"))}


def test_as_fast_as_recorded(bundle: Bundle, machine: pytest.MonkeyPatch):
    rows = on_time(recorded(bundle))
    assert {name: row.verdict for name, row in rows.items()} == {
        "latency fp32 onnxruntime": PASS,
        "memory fp32 onnxruntime": PASS,
    }


def test_a_tenth_slower(bundle: Bundle, machine: pytest.MonkeyPatch):
    on_a_machine(machine, slowness=1.1)
    row = on_time(recorded(bundle))["latency fp32 onnxruntime"]
    assert row.verdict == FAIL and row.found.value == pytest.approx(0.1, abs=0.02)


def test_what_a_load_may_explain_is_no_failure_and_more_is(bundle: Bundle, machine: pytest.MonkeyPatch):
    for slowness, verdict in ((1.1, UNDECIDED), (1.5, FAIL)):
        on_a_machine(machine, slowness, harm=0.15)
        row = on_time(recorded(bundle))["latency fp32 onnxruntime"]
        assert row.verdict == verdict
        assert ("busy" in row.found.why) == (verdict == UNDECIDED)


def test_what_is_recorded_under_load_is_uncertain(bundle: Bundle, machine: pytest.MonkeyPatch, tmp_path: Path):
    path = tmp_path / "b.plens"
    write(path, bundle.manifest, bundle.files)
    on_a_machine(machine, harm=0.08)
    update.update(path, bundle, "onnxruntime", 1, 0.1, quiet)
    contract = read(path).manifest.contract
    assert contract and contract.recordings[0].noise == 0.08


@pytest.mark.parametrize(("before", "harm"), [(0.02, 0.07), (0.05, 0.15), (0.05, 0.1)])
def test_what_a_busy_machine_would_record_takes_no_place(
    bundle: Bundle, machine: pytest.MonkeyPatch, tmp_path: Path, before: float, harm: float
):
    path = tmp_path / "b.plens"
    known = recorded(bundle, noise=before)
    write(path, known.manifest, known.files)
    sealed_before = path.read_bytes()
    on_a_machine(machine, harm=harm)
    with pytest.raises(MachineCannot, match=r"too busy; nothing recorded .* a quieter machine or more --seconds"):
        update.update(path, known, "onnxruntime", 1, 0.1, quiet)
    assert path.read_bytes() == sealed_before


def test_a_process_that_waits_leaves_the_machine_to_others(monkeypatch: pytest.MonkeyPatch):
    clocks = {"perf_counter": iter([0.0, 10.0]).__next__, "process_time": iter([5.0, 9.0]).__next__}
    monkeypatch.setattr(speed, "time", SimpleNamespace(**clocks))
    assert speed.watch(1)() == pytest.approx(1.5 * speed._HARM)


def test_twice_the_memory(bundle: Bundle, machine: pytest.MonkeyPatch):
    on_a_machine(machine, mib=200)
    row = on_time(recorded(bundle))["memory fp32 onnxruntime"]
    assert row.verdict == FAIL and row.found.value == 1


def test_the_precision_that_was_recorded_is_timed(bundle: Bundle, machine: pytest.MonkeyPatch):
    assert "latency int8 onnxruntime" in on_time(recorded(bundle, precision="int8"))


@pytest.mark.parametrize("other", [{"processor": "another"}, {"threads": 2}, {"engine": "openvino"}])
def test_what_was_recorded_elsewhere_decides_nothing(bundle: Bundle, machine: pytest.MonkeyPatch, other: dict):
    row = on_time(recorded(bundle, **other))["latency fp32 onnxruntime"]
    assert row.verdict == UNDECIDED and "--update" in row.found.why


def test_without_time_nothing_is_decided(bundle: Bundle):
    assert on_time(recorded(bundle), seconds=0)["latency fp32 onnxruntime"].verdict == UNDECIDED


def test_a_baseline_needs_no_recording(bundle: Bundle, machine: pytest.MonkeyPatch):
    machine.setattr(speed, "rounds", lambda *_, clock: timed("idle", np.random.default_rng(0), 400) * [4, 1])
    rows = on_time(bundle, bundle)
    assert {row.verdict for row in rows.values()} == {PASS} and len(rows) == 2


def test_a_machine_is_recorded_once_and_others_are_kept(bundle: Bundle, machine: pytest.MonkeyPatch, tmp_path: Path):
    path = tmp_path / "b.plens"
    other = recorded(bundle, processor="another")
    write(path, other.manifest, other.files)
    for ratio in (4, 2):
        on_a_machine(machine, slowness=4 / ratio)
        update.update(path, read(path), "onnxruntime", 1, 0.1, quiet)
    contract = read(path).manifest.contract
    assert contract and contract.sets == other.manifest.contract.sets  # type: ignore[union-attr]
    assert [(each.processor, round(each.ratio)) for each in contract.recordings] == [("another", 4), (speed.here(), 2)]
    assert contract.recordings[1].memory_mib == 100
    with pytest.raises(BadInput, match="--seconds"):
        update.update(path, read(path), "onnxruntime", 1, 0, quiet)


def milliseconds(patch: pytest.MonkeyPatch, **taken: float) -> None:
    """A machine on which each precision takes so long, give or take 3 %."""

    def rounds(candidate: Choice, reference: Choice, clock: object) -> np.ndarray:
        noise = np.random.default_rng(0).normal(1, 0.03, (16, 2))
        return noise * [taken[candidate.precision], taken[reference.precision]]

    patch.setattr(speed, "_trial", lambda _bundle, choice, _threads: nullcontext(choice))
    patch.setattr(speed, "rounds", rounds)


def ways(precisions: Iterable[str], **stated: float) -> list[Choice]:
    """Of an engine that states these speeds."""
    engine = replace(ENGINES.get("onnxruntime"), speed=stated)
    return [Choice("onnxruntime", engine, precision) for precision in precisions]


@pytest.mark.parametrize(
    ("taken", "found"),
    [
        ({"fp32": 10, "int8": 5}, "int8"),
        ({"fp32": 10, "int8": 20}, "fp32"),
        ({"fp32": 10, "int8": 9.7}, "fp32"),
        ({"fp32": 10, "fp16": 8, "int8": 7.8}, "fp16"),
        ({"fp32": 10, "fp16": 8, "int8": 9}, "fp16"),
        ({"fp32": 10, "fp16": 8, "int8": 6}, "int8"),
        ({"fp32": 10}, "fp32"),
    ],
)
def test_the_fastest_precision_is_found_in_a_few_rounds_and_of_near_equals_the_most_faithful(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, taken: dict[str, float], found: str
):
    milliseconds(monkeypatch, **taken)
    assert speed.quickest(bundle, ways(taken, fp32=1.0, fp16=2.0, int8=3.0), 1, 60).precision == found


def test_a_precision_that_its_engine_states_to_be_slower_is_not_taken_by_small_frames(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
):
    taken = {"fp32": 10, "fp16": 5, "int8": 5}
    milliseconds(monkeypatch, **taken)
    assert speed.quickest(bundle, ways(taken, fp32=1.0, fp16=0.5, int8=0.8), 1, 60).precision == "fp32"


def test_a_precision_that_does_not_run_is_not_the_fastest(bundle: Bundle, monkeypatch: pytest.MonkeyPatch):
    @contextmanager
    def trial(_bundle: Bundle, choice: Choice, _threads: int) -> Iterator[Choice]:
        if choice.precision == "int8":
            raise MachineCannot("no int8 here")
        yield choice

    milliseconds(monkeypatch, fp32=10, int8=1)
    monkeypatch.setattr(speed, "_trial", trial)
    assert speed.quickest(bundle, ways(("fp32", "int8"), fp32=1.0, int8=3.0), 1, 60).precision == "fp32"


def test_each_engine_is_recorded_in_its_fastest_precision(bundle: Bundle, machine: pytest.MonkeyPatch):
    tried: dict[str, list[str]] = {}

    def quickest(_bundle: Bundle, ways: list[Choice], *_: object) -> Choice:
        tried[ways[0].name] = [way.precision for way in ways]
        return ways[-1] if ways[0].name == "onnxruntime" else ways[0]

    machine.setattr(measured, "quickest", quickest)
    made = measured.recordings(bundle, 1, 0.1, quiet)
    assert {each.engine: each.precision for each in made} == {"onnxruntime": "int8", "openvino": "fp32"}
    assert tried == {"onnxruntime": ["fp32", "int8"], "openvino": ["fp32", "int8"]}


def test_the_reference_is_the_network_that_it_says_it_is():
    model = onnx.load_from_string(reference._model())
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == ["Conv", "Relu"] * 4
    program, call = reference.open_reference(1, 8, 9)
    made = call()["8"]  # type: ignore[index]
    assert made.shape == (1, 16, 8, 9) and 0.1 < made.std() < 10
    program.close()


def test_peak_memory_is_that_of_a_process_of_its_own(bundle: Bundle):
    held = np.ones(1 << 28, np.uint8)
    found = memory.peak_mib(bundle, "onnxruntime", "fp32", 1, (32, 32))
    assert found is None or 20 < found < held.nbytes / (1 << 20)
