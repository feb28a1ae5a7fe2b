"""The TensorRT engine's order of calls and the life of what it holds, on a fake that is strict about both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundles import upscaler_graph
from fake_cuda import Runtime
from fake_tensorrt import install
from interpolators import fading_graph
from pocketlens.core.catalog import ENGINES
from pocketlens.core.errors import MachineCannot, OutOfMemory

FIRST = ["up", "execute", "down", "wait"]
CAPTURED = ["capture", "up", "execute", "down", "launch", "wait"]


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runtime:
    monkeypatch.setenv("POCKETLENS_CACHE", str(tmp_path / "cache"))
    return install(monkeypatch)


@pytest.fixture(params=["tensorrt", "tensorrt_rtx"])
def program(request: pytest.FixtureRequest, gpu: Runtime) -> Iterator[Any]:
    loaded = ENGINES.get(request.param).load(upscaler_graph(), 1)
    yield loaded
    loaded.close()
    assert gpu.held() == 0, "something was not let go of"


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((1, 1, height, width), np.float32)


def assert_right(program: Any, height: int, width: int, seed: int = 0) -> None:
    """What it makes of a picture is what onnxruntime makes of it."""
    feeds = {"frame": picture(height, width, seed)}
    wanted = ENGINES.get("onnxruntime").load(upscaler_graph(), 1).run(feeds)["upscaled"]
    out = {"upscaled": np.zeros_like(wanted)}
    program.run(feeds, out)
    np.testing.assert_allclose(out["upscaled"], wanted, atol=1e-6)


def test_pictures_of_many_sizes_in_any_order_come_out_right(program: Any):
    rng = np.random.default_rng(1)
    sizes = [(1, 1), (4, 9), (30, 7), (8, 8), (17, 40), (2, 2), (40, 41)]
    for seed in range(60):
        assert_right(program, *sizes[rng.integers(len(sizes))], seed)


def test_a_size_is_run_plainly_then_captured_then_launched(program: Any, gpu: Runtime):
    for expected in (FIRST, CAPTURED, ["launch", "wait"], ["launch", "wait"]):
        gpu.calls.clear()
        assert_right(program, 8, 8, seed=len(expected))
        assert [call for call in gpu.calls if call != "allocate"] == expected


def test_another_size_has_a_graph_of_its_own(program: Any, gpu: Runtime):
    for size in ((9, 9), (8, 8)) * 3:
        assert_right(program, *size)
    assert len(gpu.launchable) == 2
    gpu.calls.clear()
    assert_right(program, 9, 9, seed=3)
    assert gpu.calls == ["launch", "wait"]


def test_memory_grows_and_is_then_enough_for_all_that_is_smaller(program: Any, gpu: Runtime):
    assert_right(program, 8, 8)
    assert_right(program, 32, 32)
    room = {address: memory.size for address, memory in gpu.device.items()}
    gpu.calls.clear()
    for size in ((8, 8), (31, 33), (32, 32), (1, 1)) * 2:
        assert_right(program, *size)
    assert "allocate" not in gpu.calls
    assert {address: memory.size for address, memory in gpu.device.items()} == room


def test_graphs_go_before_the_memory_that_they_hold_on_to(program: Any, gpu: Runtime):
    for size in ((8, 8), (8, 8), (9, 40), (8, 8), (8, 8), (8, 8)):
        assert_right(program, *size)
    assert len(gpu.launchable) == 1


def test_only_the_last_few_sizes_are_kept(program: Any, gpu: Runtime):
    for side in range(20, 2, -1):
        assert_right(program, side, side)
        assert_right(program, side, side)
    assert len(gpu.contexts) == len(gpu.launchable) == 4


def test_what_cannot_be_captured_is_run_plainly(program: Any, gpu: Runtime):
    gpu.faults.captures = False
    for seed in range(4):
        assert_right(program, 8, 8, seed)
    assert gpu.calls.count("capture") == 1 and not gpu.launchable and not gpu.graphs


def test_a_callers_stream_is_worked_on_and_stays(gpu: Runtime):
    _, stream = gpu.cudaStreamCreateWithFlags(1)
    program = ENGINES.get("tensorrt").load(upscaler_graph(), 1, stream)
    for seed in range(3):
        assert_right(program, 8, 8, seed)
        assert gpu.copied_on == stream
    program.close()
    assert gpu.streams.keys() == {stream} and gpu.held() == 1


def test_it_may_be_closed_twice(program: Any):
    assert_right(program, 8, 8)
    program.close()


def test_inputs_that_are_no_pictures_go_up_too(gpu: Runtime):
    program = ENGINES.get("tensorrt").load(fading_graph(), 1)
    for t in (0.25, 0.5, 0.75):
        feeds = {"before": np.zeros((1, 3, 4, 4)), "after": np.ones((1, 3, 4, 4)), "t": np.array([t])}
        made = program.run({name: array.astype(np.float32) for name, array in feeds.items()})
        np.testing.assert_allclose(made["between"], t)
    program.close()
    assert gpu.held() == 0


@pytest.mark.parametrize("largest", [300, 5000, 30_000])
def test_without_memory_for_a_picture_smaller_ones_go_on(program: Any, gpu: Runtime, largest: int):
    assert_right(program, 2, 2)
    gpu.faults.device_bytes = largest
    with pytest.raises(OutOfMemory, match="out of memory"):
        assert_right(program, 64, 64)
    assert_right(program, 1, 2)


def test_a_failure_is_one_line_and_not_the_end(program: Any, gpu: Runtime):
    gpu.faults.executions = 1
    assert_right(program, 8, 8)
    for _ in range(2):
        with pytest.raises(MachineCannot, match=r"the kernel failed|launch failure"):
            assert_right(program, 8, 8)
    gpu.faults.executions = None
    assert_right(program, 8, 8)


def test_a_size_that_the_plan_is_not_for_is_named(program: Any):
    with pytest.raises(MachineCannot, match="frames of 1x1 to 1920x1920, and not of 1x1921"):
        program.run({"frame": picture(1, 1921)})
    assert_right(program, 8, 8)


def test_no_execution_context_is_a_line(program: Any, gpu: Runtime):
    gpu.faults.makes_contexts = False
    with pytest.raises(MachineCannot, match="no execution context"):
        program.run({"frame": picture(4, 4)})


def test_without_a_device_it_is_not_usable(gpu: Runtime):
    assert ENGINES.get("tensorrt").why_not() is None
    gpu.faults.driver = 100
    assert "shows no GPU (CUDA error 100)" in ENGINES.get("tensorrt").why_not()
