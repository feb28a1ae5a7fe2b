"""Bundles that a stranger made are opened as they were sealed, or refused in a line."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from bundles import make_bundle, nearest_graph
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto
from pocketlens.core import picture
from pocketlens.core.bundle import Bundle, read
from pocketlens.core.errors import BadBundle
from pocketlens.core.locate import shipped_bundles
from pocketlens.runtime import api

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("sealed") / "good.plens", graphs={"fp32": nearest_graph()})


def unpacked(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def resealed(path: Path, files: Files, facts: dict[str, Any] | None = None) -> Path:
    """Write files that the manifest, its other facts changed, gives the right hashes of."""
    manifest = {**json.loads(files["manifest.json"]), **(facts or {})}
    manifest["files"] = {n: hashlib.sha256(d).hexdigest() for n, d in files.items() if n != "manifest.json"}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**files, "manifest.json": json.dumps(manifest).encode()}.items():
            archive.writestr(name, data)
    return path


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(BadBundle) as error:
        work()
    assert str(error.value).isprintable() and len(str(error.value)) < 700
    return str(error.value)


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a/../b", "a\\..\\x", "C:\\x", "C:x", "a//b", "./a", "a/.", "a\x1b[31m", "\u202ex"]
)
def test_names_that_leave_the_bundle_somewhere(sealed: Path, tmp_path: Path, name: str):
    before = sorted(tmp_path.parent.rglob("*"))
    path = resealed(tmp_path / "b.plens", {**unpacked(sealed), name: b"x"})
    assert "outside itself" in refused(lambda: read(path))
    assert sorted(tmp_path.parent.rglob("*")) == sorted([*before, path])


@pytest.mark.parametrize("name", ["a.plan", "plans/b.engine", "c.trt"])
def test_a_plan_is_code_and_is_not_taken_from_a_bundle(sealed: Path, tmp_path: Path, name: str):
    path = resealed(tmp_path / "b.plens", {**unpacked(sealed), name: b"ptrt"})
    assert f"{name} is a TensorRT plan, which is code" in refused(lambda: read(path))


def test_a_plan_that_calls_itself_a_graph(sealed: Path, tmp_path: Path):
    path = resealed(tmp_path / "b.plens", {**unpacked(sealed), "fp32.onnx": b"ptrt" + bytes(99)})
    assert "fp32.onnx is no graph that can be run" in refused(lambda: read(path).graph("fp32"))


def test_files_without_a_use(sealed: Path, tmp_path: Path):
    path = resealed(tmp_path / "b.plens", {**unpacked(sealed), "setup.py": b"x"})
    assert "setup.py is neither a graph nor weights nor a sample" in refused(lambda: read(path))


def test_files_that_are_not_sealed(sealed: Path, tmp_path: Path):
    path = resealed(tmp_path / "b.plens", unpacked(sealed))
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(400):
            archive.writestr(f"{number:03}" + "x" * 200, b"")
    assert "not sealed by the manifest: 000xxx" in refused(lambda: read(path))


def png(width: int, height: int) -> bytes:
    data = bytearray(picture.encode(np.zeros((1, 1, 3), np.uint8)))
    data[16:24] = width.to_bytes(4) + height.to_bytes(4)
    return bytes(data)


@pytest.mark.parametrize("data", [b"", b"BM", png(60_000, 60_000), png(1 << 22, 2), png(0, 9)])
def test_samples_that_are_no_small_pictures(sealed: Path, tmp_path: Path, data: bytes):
    sample = {"input": "a.png", "expected": "a.png", "truth": "a.png"}
    path = resealed(tmp_path / "b.plens", {**unpacked(sealed), "a.png": data}, {"samples": [sample]})
    assert "a.png is not a PNG of up to" in refused(lambda: read(path))


def reading_outside(model: onnx.ModelProto) -> None:
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="inside.bin")


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_no_engine_is_given_a_graph_that_reads_files(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
):
    pytest.importorskip(engine)
    model = onnx.load_from_string(nearest_graph())
    reading_outside(model)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inside.bin").write_bytes(np.ones(4, np.float32).tobytes())
    path = resealed(tmp_path / "b.plens", {**unpacked(sealed), "fp32.onnx": model.SerializeToString()})
    _, handle = api.create(str(path), {"engine": engine, "threads": 1})
    assert api.load(handle) == api.Status.BAD_BUNDLE
    assert "fp32.onnx is no graph that can be run: it has a tensor whose values are outside" in api.last_error(handle)
    assert api.destroy(handle) == api.Status.OK


def test_a_graph_that_is_not_what_the_manifest_says(sealed: Path, tmp_path: Path):
    for number, facts in enumerate(({"channels": 3}, {"inputs": ["picture"]}, {"output": "larger"})):
        path = resealed(tmp_path / f"{number}.plens", unpacked(sealed), facts)
        assert "and by its manifest it is" in (line := refused(lambda path=path: read(path).graph("fp32"))) or (
            "and its manifest says" in line
        )


def test_weights_that_are_named_very_often(sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    graph = {"file": "fp32.onnx", "precision": "fp32", "face": "float", "target": "cpu", "weights": ["w"] * 5000}
    path = resealed(tmp_path / "b.plens", {**unpacked(sealed), "w": bytes(1 << 20)}, {"graphs": [graph]})
    assert "more than 512 MiB" in refused(lambda: read(path).graph("fp32"))


@given(data=st.data())
@settings(max_examples=250, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_that_were_changed_are_the_bundle_that_was_sealed_or_refused(
    sealed: Path, tmp_path: Path, data: st.DataObject
):
    good = sealed.read_bytes()
    made = bytearray(good)
    for _ in range(data.draw(st.integers(1, 5))):
        place, other = data.draw(st.integers(0, len(made))), data.draw(st.integers(0, len(good)))
        new = data.draw(st.one_of(st.binary(max_size=40), st.just(good[other : other + 200])))
        made[place : place + data.draw(st.sampled_from([0, len(new), 1, 50]))] = new
    if data.draw(st.booleans()):
        del made[data.draw(st.integers(0, len(made))) :]
    (tmp_path / "b.plens").write_bytes(made)
    try:
        opened = read(tmp_path / "b.plens")
    except BadBundle as error:
        assert str(error).isprintable()
        return
    assert dict(opened.files) == {name: d for name, d in unpacked(sealed).items() if name != "manifest.json"}


@pytest.mark.parametrize("name", shipped_bundles())
def test_what_is_shipped_opens(name: str):
    assert isinstance(read(shipped_bundles()[name]), Bundle)
