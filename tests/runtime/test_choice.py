"""What `auto` chooses, and what it says."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import make_bundle, upscaler_graph
from contracts import changed
from pocketlens.core.bundle import Bundle, read
from pocketlens.core.catalog import ENGINES
from pocketlens.core.contract import Contract, Recording
from pocketlens.core.errors import BadInput, MachineCannot
from pocketlens.runtime import Session, choose


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """A bundle with an fp32 and an "int8" graph: engines go by the manifest alone."""
    return make_bundle(tmp_path / "both.plens", graphs={"fp32": upscaler_graph(), "int8": upscaler_graph(seed=1)})


@pytest.fixture
def float_only(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "float.plens")


def opened(*arguments, **options) -> tuple[str, str]:
    with Session.open(*arguments, **options) as session:
        return session.engine, session.precision


def test_int8_goes_to_the_engine_that_is_fast_at_it(both: Path):
    assert opened(both) == ("openvino", "int8")


def test_onnxruntime_keeps_the_better_picture_because_its_int8_is_no_faster(both: Path):
    assert opened(both, engine="onnxruntime") == ("onnxruntime", "fp32")


def test_a_named_precision_is_kept_to(both: Path):
    assert opened(both, precision="fp32") == ("openvino", "fp32")
    assert opened(both, engine="onnxruntime", precision="int8") == ("onnxruntime", "int8")


def test_a_bundle_without_int8_runs_in_fp32(float_only: Path):
    assert opened(float_only) == ("openvino", "fp32")


def test_without_openvino_auto_falls_back_and_says_why(both: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with Session.open(both) as session:
        assert (session.engine, session.precision) == ("onnxruntime", "fp32")
        assert "pip install 'pocketlens[openvino]'" in session.notes[0]


def test_an_engine_that_fails_to_load_is_passed_over_and_named(float_only: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(_graph: bytes, _threads: int):
        raise MachineCannot("no licence")

    working = dict(ENGINES.items())
    broken = replace(working["openvino"], load=fail)
    monkeypatch.setattr(choose.ENGINES, "get", lambda name: {**working, "openvino": broken}[name])
    with Session.open(float_only) as session:
        assert session.engine == "onnxruntime"
        assert session.notes == ("openvino fp32: no licence",)
    with pytest.raises(MachineCannot, match="no licence"):
        Session.open(float_only, engine="openvino")


def test_a_graph_that_is_not_what_the_manifest_says_is_refused(tmp_path: Path):
    bundle = make_bundle(tmp_path / "x3.plens", scale=3, graphs={"fp32": upscaler_graph(scale=2)})
    with pytest.raises(MachineCannot, match="gives"):
        Session.open(bundle)


def test_unknown_engines_and_precisions_are_answered_with_the_known(both: Path, float_only: Path):
    with pytest.raises(BadInput, match="openvino"):
        Session.open(both, engine="openvin")
    with pytest.raises(BadInput, match="known: auto, fp32"):
        Session.open(both, precision="int4")
    with pytest.raises(BadInput, match="it holds: fp32"):
        Session.open(float_only, precision="int8")


def timed(path: Path, *fastest: tuple[str, str]) -> Bundle:
    """The bundle with recordings of engines, each in its fastest precision."""
    bundle = read(path)
    told = {"version": "1", "threads": 1, "processor": "another", "reference": "some", "ratio": 1.0, "noise": 0.01}
    recordings = [Recording(engine=engine, precision=precision, **told) for engine, precision in fastest]  # type: ignore[arg-type]
    return changed(bundle, contract=Contract(recordings=recordings))


@pytest.mark.parametrize(
    ("recordings", "chosen"),
    [
        ([("openvino", "fp32")], "openvino fp32, openvino int8, onnxruntime fp32, onnxruntime int8"),
        ([("openvino", "int8")], "openvino int8, openvino fp32, onnxruntime fp32, onnxruntime int8"),
        ([("onnxruntime", "int8")], "openvino int8, openvino fp32, onnxruntime int8, onnxruntime fp32"),
        (
            [("openvino", "fp32"), ("openvino", "int8")],
            "openvino int8, openvino fp32, onnxruntime fp32, onnxruntime int8",
        ),
        ([("openvino", "fp16")], "openvino int8, openvino fp32, onnxruntime fp32, onnxruntime int8"),
    ],
    ids=["fp32", "int8", "of the slower engine", "the last one counts", "not in the bundle"],
)
def test_of_an_engines_precisions_the_one_goes_first_that_was_recorded_as_its_fastest(
    both: Path, recordings: list[tuple[str, str]], chosen: str
):
    found, _ = choose.choices(timed(both, *recordings).manifest)
    assert ", ".join(str(choice) for choice in found if choice.engine.device == "cpu") == chosen


def test_a_named_precision_is_kept_to_whatever_was_recorded(both: Path):
    (first, *_), _ = choose.choices(timed(both, ("openvino", "fp32")).manifest, precision="int8")
    assert str(first) == "openvino int8"


def test_an_engine_and_a_device_that_it_does_not_run_on_are_told_apart(both: Path):
    with pytest.raises(BadInput, match="openvino runs on the cpu, not on the gpu"):
        Session.open(both, engine="openvino", device="gpu")
    assert opened(both, engine="openvino", device="cpu") == ("openvino", "int8")


def test_a_stream_is_refused_by_a_named_engine_without_one_and_noted_of_a_chosen_one(both: Path):
    with pytest.raises(BadInput, match="openvino works on no CUDA stream"):
        Session.open(both, engine="openvino", stream=5)
    with Session.open(both, stream=5) as session:
        assert session.notes == ("openvino int8: works on no CUDA stream, and leaves the one that was given alone",)


def test_an_engine_without_driver_and_package_names_the_mend_of_both(both: Path, monkeypatch: pytest.MonkeyPatch):
    def no_driver():
        raise MachineCannot("no driver is here")

    engine = ENGINES.get("tensorrt")
    monkeypatch.setattr(choose.ENGINES, "get", lambda _: replace(engine, module="absent", ready=no_driver))
    with pytest.raises(MachineCannot, match=r"no driver is here; absent is not .* pip install 'pocketlens\[trt\]'"):
        Session.open(both, engine="tensorrt")
    monkeypatch.setattr(choose.ENGINES, "get", lambda _: replace(engine, module="numpy", ready=no_driver))
    with pytest.raises(MachineCannot, match=r"no driver is here$"):
        Session.open(both, engine="tensorrt")
