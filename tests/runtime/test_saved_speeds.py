"""What `bench --save` keeps, and when `auto` goes by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bundles import make_bundle, upscaler_graph
from commands import pocketlens
from pocketlens.core.bundle import read
from pocketlens.core.catalog import ENGINES
from pocketlens.runtime import Session, cli
from pocketlens.runtime.remembered import place

WAYS = ["onnxruntime fp32", "onnxruntime int8", "openvino fp32", "openvino int8"]
Save = Callable[..., int]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POCKETLENS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "both.plens", graphs={"fp32": upscaler_graph(), "int8": upscaler_graph(seed=1)})


def measured(noise: float = 0.01, size: str = "16x16", threads: int = 1, **fps: float) -> dict[str, Any]:
    """What `bench` gives of ways, each named as `engine_precision`."""
    rows = []
    for way, speed in fps.items():
        engine, precision = way.split("_")
        row = {"engine": engine, "precision": precision, "version": ENGINES.get(engine).version(), "fps": speed}
        times = dict.fromkeys(("p50_ms", "p95_ms", "p99_ms"), 1e3 / speed)
        rows.append({**row, **times, "size": size, "threads": threads, "ratio": 1.0})
    rows = [{**row, "share_of_peak": None, "share_of_bandwidth": None} for row in rows]
    return {"reference": "onnxruntime fp32", "noise": noise, "rows": rows, "left_out": [], "notes": []}


@pytest.fixture
def save(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Save:
    """Run `bench --save`, which measures what is given, and give the exit code."""

    def run(**told: Any) -> int:
        monkeypatch.setattr(cli, "measure", lambda *_: measured(**told))
        return pocketlens("bench", bundle, "--save")

    return run


def opened(bundle: Path) -> str:
    with Session.open(bundle) as session:
        return f"{session.engine} {session.precision}"


def test_auto_goes_by_what_was_saved(bundle: Path, save: Save):
    assert opened(bundle) == "openvino int8"
    assert save(onnxruntime_fp32=90.0, openvino_fp32=30.0, openvino_int8=60.0) == 0
    assert opened(bundle) == "onnxruntime fp32"


def test_a_real_measurement_is_kept(bundle: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pocketlens.runtime.remembered._MOST_NOISE", 1e9)
    assert pocketlens("bench", bundle, "--size", "16x16", "--rounds", 2, "--threads", 1, "--save", "--quiet") == 0
    kept = json.loads(place(read(bundle).manifest).read_text())
    assert (kept["size"], kept["threads"], sorted(kept["speeds"])) == ("16x16", 1, WAYS)
    fastest = max(kept["speeds"], key=lambda way: kept["speeds"][way]["fps"])
    assert opened(bundle) == fastest


DAMAGED = ["not JSON", "[]", "null", "3", "{}", '{"openvino fp32": "fast"}', '{"openvino fp32": null}', "[" * 100_000]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_is_as_none(bundle: Path, cache: Path, text: str):
    path = place(read(bundle).manifest)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert opened(bundle) == "openvino int8"


@pytest.mark.parametrize("speed", ["NaN", "Infinity", "-1", "0", '"fast"', "null", "true", "[]"])
def test_a_speed_that_is_none_makes_the_file_as_none(bundle: Path, save: Save, speed: str):
    assert save(onnxruntime_fp32=90.0, openvino_int8=60.0) == 0
    path = place(read(bundle).manifest)
    path.write_text(path.read_text().replace("60.0", speed))
    assert opened(bundle) == "openvino int8"


def test_what_was_saved_of_another_version_of_an_engine_is_left_aside(bundle: Path, save: Save):
    assert save(onnxruntime_fp32=90.0) == 0
    path = place(read(bundle).manifest)
    path.write_text(path.read_text().replace(ENGINES.get("onnxruntime").version(), "0.1"))
    assert opened(bundle) == "openvino int8"


def test_saving_one_engine_keeps_what_was_saved_of_the_others(bundle: Path, save: Save):
    assert save(onnxruntime_fp32=90.0, openvino_int8=60.0) == 0
    assert save(onnxruntime_fp32=20.0, openvino_fp32=30.0) == 0
    assert opened(bundle) == "openvino int8"


@pytest.mark.parametrize("other", [{"size": "64x64"}, {"threads": 2}])
def test_what_was_measured_otherwise_is_not_compared_with(bundle: Path, save: Save, other: dict[str, Any]):
    assert save(onnxruntime_fp32=20.0, openvino_int8=60.0) == 0
    assert save(onnxruntime_fp32=20.0, openvino_fp32=30.0, **other) == 0
    assert opened(bundle) == "openvino fp32"


def test_a_noisy_measurement_is_shown_and_not_saved(
    bundle: Path, save: Save, cache: Path, capsys: pytest.CaptureFixture[str]
):
    assert save(noise=0.616, onnxruntime_fp32=90.0) == 3
    told = capsys.readouterr()
    assert "noise 61.6%" in told.out
    assert told.err.count("\n") == 1 and "not saved" in told.err and "--rounds" in told.err
    assert not list(cache.rglob("*.json")) and opened(bundle) == "openvino int8"


@pytest.mark.parametrize(
    ("options", "home"), [(["--save"], "/dev/null"), (["--json", "/dev/null/a.json"], "cache"), (["--json", "."], "")]
)
def test_places_that_cannot_be_written_are_told_before_anything_is_measured(
    bundle: Path, options: list[str], home: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("POCKETLENS_CACHE", home)
    monkeypatch.setattr(cli, "measure", lambda *_: pytest.fail("measured in vain"))
    assert pocketlens("bench", bundle, *options) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_table_is_shown_even_if_saving_fails(
    bundle: Path, save: Save, cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cli, "require_writable", lambda _path: cache.write_text("in the way meanwhile"))
    assert save(onnxruntime_fp32=90.0) == 2
    told = capsys.readouterr()
    assert "onnxruntime" in told.out and "cannot write" in told.err
