"""What goes wrong with a GPU, one by one: a status, a sentence, and a CPU that goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle
from fake_cuda import Runtime
from fake_tensorrt import install
from pocketlens.core.errors import MachineCannot
from pocketlens.core.plan_facts import facts_file
from pocketlens.runtime import Session, api

SMALL, WIDE = np.full((6, 8, 3), 90, np.uint8), np.full((2, 1930, 3), 90, np.uint8)
Harm = Callable[[Runtime], None]


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runtime:
    monkeypatch.setenv("POCKETLENS_CACHE", str(tmp_path / "cache"))
    return install(monkeypatch, modules=["tensorrt"])


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "b.plens", targets=("cpu", "tensorrt"))


def no_device(gpu: Runtime) -> None:
    gpu.faults.driver = 100


def an_old_driver(gpu: Runtime) -> None:
    gpu.faults.too_old = True


def no_plans(gpu: Runtime) -> None:
    gpu.faults.takes_plans = False


def no_contexts(gpu: Runtime) -> None:
    gpu.faults.makes_contexts = False


def hardly_memory(gpu: Runtime) -> None:
    gpu.faults.device_bytes = 1000


def memory_for_small_ones(gpu: Runtime) -> None:
    gpu.faults.device_bytes = 5000


def executions(count: int) -> Harm:
    def harm(gpu: Runtime) -> None:
        gpu.faults.executions = count

    return harm


def nothing(gpu: Runtime) -> None:
    pass


ON_OPENING: dict[str, tuple[Harm, str, str]] = {
    "a driver without a device": (no_device, "MACHINE_CANNOT", "the NVIDIA driver shows no GPU"),
    "a driver that is too old": (an_old_driver, "MACHINE_CANNOT", "CUDA driver version is insufficient"),
    "a plan that TensorRT does not take": (no_plans, "MACHINE_CANNOT", "does not take the plan that it has built"),
    "no execution context": (no_contexts, "MACHINE_CANNOT", "makes no execution context"),
    "out of memory": (hardly_memory, "OUT_OF_MEMORY", "CUDA's cudaMalloc failed: out of memory"),
    "a failing trial": (executions(0), "MACHINE_CANNOT", "the kernel failed"),
}
LATER: dict[str, tuple[Harm, np.ndarray, str, str]] = {
    "a size that the plan excludes": (nothing, WIDE, "MACHINE_CANNOT", "and not of 2x1930"),
    "out of memory": (memory_for_small_ones, WIDE[:, :900], "OUT_OF_MEMORY", "cudaMalloc failed: out of memory"),
    "a failing execution": (executions(0), SMALL[:4], "MACHINE_CANNOT", "the kernel failed"),
    "a failing graph": (executions(2), SMALL, "MACHINE_CANNOT", "cudaGraphLaunch failed: launch failure"),
}


def pulled(handle: int, frame: np.ndarray) -> api.Status:
    height, width = frame.shape[:2]
    assert api.push(handle, api.describe(frame, api.PixelFormat.BGR24)) == api.Status.OK
    return api.pull(handle, api.Descriptor(bytearray(frame.size * 4), api.PixelFormat.BGR24, 2 * width, 2 * height))


@pytest.mark.parametrize("fault", ON_OPENING)
def test_what_shows_on_opening(gpu: Runtime, bundle: Path, fault: str):
    harm, status, told = ON_OPENING[fault]
    harm(gpu)
    _, handle = api.create(str(bundle), {"engine": "tensorrt"})
    assert api.load(handle).name == status
    assert told in api.last_error(handle) and "\n" not in api.last_error(handle)
    api.destroy(handle)
    with Session.open(bundle, "onnxruntime") as wanted, Session.open(bundle, device="auto") as session:
        assert session.device == "cpu"
        assert fault == "a driver without a device" or told in session.notes[-1]
        np.testing.assert_allclose(session.upscale(SMALL).astype(int), wanted.upscale(SMALL), atol=1)
    assert gpu.held() == 0


@pytest.mark.parametrize("fault", LATER)
def test_what_shows_in_the_middle(gpu: Runtime, bundle: Path, fault: str):
    harm, frame, status, told = LATER[fault]
    _, named = api.create(str(bundle), {"engine": "tensorrt"})
    _, auto = api.create(str(bundle))
    for handle in (named, auto):
        gpu.faults = type(gpu.faults)()
        assert api.load(handle) == pulled(handle, SMALL) == api.Status.OK
        assert api.get_str(handle, "engine")[1] == "tensorrt" and api.get_str(handle, "device")[1] == "gpu"
        harm(gpu)
        answers = [pulled(handle, frame).name for _ in range(4)]
        if handle == named:
            assert answers[-1] == status and told in api.last_error(handle)
        else:
            assert answers == ["OK"] * 4
            assert api.get_str(handle, "engine")[1] in ("onnxruntime", "openvino")
            assert told in api.get_str(handle, "notes")[1].splitlines()[-1]
        api.destroy(handle)
    assert gpu.held() == 0


def test_a_plan_that_was_cut_short_is_built_again_and_told(gpu: Runtime, bundle: Path, tmp_path: Path):
    with Session.open(bundle, "tensorrt") as session:
        assert session.notes == ()
    (plan,) = (tmp_path / "cache" / "plans").glob("*.plan")
    plan.write_bytes(plan.read_bytes()[:50])
    with Session.open(bundle, "tensorrt") as session:
        (note,) = session.notes
        assert note.startswith("tensorrt fp32: ") and "cut short" in note and "built again" in note
        assert session.upscale(SMALL).shape == (12, 16, 3)


def test_a_plan_of_another_gpu_is_built_again_and_told(gpu: Runtime, bundle: Path, tmp_path: Path):
    with Session.open(bundle, "tensorrt"):
        (plan,) = (tmp_path / "cache" / "plans").glob("*.plan")
    facts = facts_file(plan)
    facts.write_text(facts.read_text().replace("NVIDIA A10", "NVIDIA H200"))
    with Session.open(bundle, "tensorrt") as session:
        assert "was built on NVIDIA H200, and not on NVIDIA A10" in session.notes[0]


def test_of_engines_for_a_gpu_nothing_is_said_where_there_is_none(gpu: Runtime, bundle: Path):
    gpu.faults.driver = 100
    with Session.open(bundle) as session:
        assert session.notes == ()


def test_a_gpu_that_is_asked_for_and_not_there_is_told_of(gpu: Runtime, bundle: Path):
    gpu.faults.driver = 100
    with pytest.raises(MachineCannot, match="tensorrt: the NVIDIA driver shows no GPU"):
        Session.open(bundle, device="gpu")


def test_a_device_can_be_asked_for(gpu: Runtime, bundle: Path):
    for device, expected in (("cpu", "cpu"), ("gpu", "gpu"), ("auto", "gpu")):
        with Session.open(bundle, device=device) as session:
            assert session.device == expected


def test_a_callers_stream_reaches_the_engine(gpu: Runtime, bundle: Path):
    _, stream = gpu.cudaStreamCreateWithFlags(1)
    with Session.open(bundle, stream=stream) as session:
        session.upscale(SMALL)
        assert gpu.copied_on == stream and len(gpu.streams) == 1
