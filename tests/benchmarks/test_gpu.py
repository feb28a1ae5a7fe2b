"""The students on a GPU: all but the GPU, on the CPU and tiny frames."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import gpu
import numpy as np
import pytest
import torch
import torch_ways
from pocketlens.core import checkpoint
from pocketlens.core.locate import shipped_bundles
from torch import nn

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["gpu.py", *map(str, arguments)])
    return gpu.main()


def test_a_run_on_the_cpu_has_a_row_for_each_way_that_agrees_with_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out = tmp_path / "gpu.json"
    assert run(monkeypatch, "--device", "cpu", "--sizes", "16x20", "--rounds", 1, "--out", out) == 0
    found = json.loads(out.read_text())
    assert found["device"] == "CPU" and found["bandwidth_gbs"] > 0
    assert {one["model"] for one in found["results"]} == shipped_bundles().keys()
    for one in found["results"]:
        (row,) = one["rows"]
        assert row["from"] == "device" and row["p50_ms"] <= row["p99_ms"]
        assert row["max_error"] < 1e-5 and row["times_floor"] == pytest.approx(row["p50_ms"] / row["floor_ms"])
        assert one["failed"] == {}
    assert found["absent"] == {name: why for name, why in gpu.on_gpu().items() if why}


def test_without_a_gpu_it_says_so_and_ends_with_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert run(monkeypatch, "--out", tmp_path / "gpu.json") == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "nvidia-smi" in said
    assert not (tmp_path / "gpu.json").exists()


def test_the_floor_counts_every_map_that_a_convolution_reads_or_writes():
    network = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.ConvTranspose2d(8, 1, 2, 2))
    frame = np.zeros((1, 1, 4, 5), np.float32)
    assert torch_ways.moved(network, [frame], size=2) == 2 * (20 + 160 + 160 + 80)


@pytest.mark.parametrize("model", ["sesr-x2", "ifnet-lite"])
def test_frames_are_what_a_camera_gives_in_a_size_that_the_network_takes(model: str):
    spec = checkpoint.load(gpu.RUNS / model).spec
    frames = [array for array in gpu.frames_of(spec, (20, 40)) if array.ndim == 4]
    for frame in frames:
        assert all(side % spec.align == 0 for side in frame.shape[2:])
        np.testing.assert_allclose(frame * 255, np.rint(frame * 255), atol=1e-3)
    for later in frames[1:]:
        np.testing.assert_array_equal(later[..., 3:], frames[0][..., :-3])


def test_a_picture_that_is_off_shows_in_its_row():
    truth = np.full((1, 2, 2), 0.5, np.float32)
    way = torch_ways.Way("w", "host", lambda: None, lambda: truth + np.float32(0.1))
    (row,) = gpu.measured([way], truth, floor_ms=0.5, rounds=1)
    assert row["max_error"] == pytest.approx(0.1) and row["psnr"] == pytest.approx(20, abs=0.01)


def test_a_graph_that_cannot_be_captured_is_told_of(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise RuntimeError("operation not permitted\nwhen a stream is captured")

    ran = torch_ways.ready(nn.Conv2d(1, 1, 1), "cpu")
    monkeypatch.setattr(torch_ways, "ready", lambda *_: ran)
    monkeypatch.setattr(torch_ways, "placed", lambda tensor, _: tensor)
    monkeypatch.setattr(torch_ways, "captured", refuse)
    failed: dict[str, str] = {}
    ways = list(torch_ways.torch_ways(nn.Identity(), [np.zeros((1, 1, 2, 2), np.float32)], "cuda", failed))
    assert [way.begins for way in ways] == ["device"]
    assert failed == {"CUDA graph": "operation not permitted"}


@needs_gpu
@pytest.mark.gpu
@pytest.mark.parametrize("model", [*shipped_bundles()])
def test_a_gpu_makes_the_picture_of_the_reference(model: str):
    trained = checkpoint.load(gpu.RUNS / model)
    feeds = gpu.frames_of(trained.spec, (64, 96))
    truth = gpu.reference(trained, feeds)
    failed: dict[str, str] = {}
    ways = list(torch_ways.torch_ways(trained.deployed(), feeds, "cuda", failed))
    assert failed == {}
    assert {way.begins for way in ways} == {"device", "host"}
    for way in ways:
        assert np.abs(way.picture() - truth).max() < 0.02, way.name
