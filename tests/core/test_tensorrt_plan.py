"""How the full TensorRT is asked for a plan, on one that is made up: it cannot be installed without a GPU."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from made_up_tensorrt import PLAN, BuilderFlag, DeviceType, IBuilderConfig, MemoryPoolType, made_up
from pocketlens.core import make_plan as asked
from pocketlens.core.errors import BadInput, MachineCannot
from pocketlens.core.gpu import Gpu
from pocketlens.core.make_plan import make_plan, request_plan
from pocketlens.core.tensorrt_plan import Flavour, Settings, build_plan, pick_flavour

SHAPES = {"frame": [(1, 1, 64, 64), (1, 1, 360, 640), (1, 1, 1080, 1920)]}
SIZES = [(64, 64), (360, 640), (1080, 1920)]


def built(settings: Settings, **machine: Any) -> tuple[int, IBuilderConfig]:
    """The flags of the network, and the configuration, that one build was asked for."""
    trt = made_up(**machine)
    assert build_plan(b"", SHAPES, Flavour("tensorrt", trt), settings) == PLAN
    ((flags, config),) = trt.built
    assert config.profiles == [{name: tuple(shapes) for name, shapes in SHAPES.items()}]
    return flags, config


@pytest.mark.parametrize(("version", "flags"), [("10.3.0", 2), ("10.14.1", 2), ("11.4.0.106", 0)])
def test_only_tensorrt_10_must_be_asked_for_strong_types(version: str, flags: int):
    assert built(Settings(), version=version)[0] == flags
    assert Flavour("rtx", ModuleType("tensorrt_rtx")).network_flags == 0


def test_left_alone_it_takes_the_gpu_and_all_its_memory():
    config = built(Settings(), dla_cores=2)[1]
    assert not config.pools and not config.flags and config.cache is None
    assert config.default_device_type == DeviceType.GPU


def test_the_workspace_is_given_in_bytes():
    assert built(Settings(workspace_mib=64))[1].pools == {MemoryPoolType.WORKSPACE: 64 << 20}


def test_an_accelerator_runs_what_it_can_and_the_gpu_the_rest():
    config = built(Settings(dla_core=1), dla_cores=2)[1]
    assert (config.default_device_type, config.DLA_core, config.flags) == (
        DeviceType.DLA,
        1,
        {BuilderFlag.GPU_FALLBACK},
    )


@pytest.mark.parametrize(("cores", "told"), [(0, "finds no DLA cores here"), (2, "finds 2 DLA cores here")])
def test_an_accelerator_that_is_not_there_is_one_clear_line(cores: int, told: str):
    with pytest.raises(MachineCannot, match=told):
        built(Settings(dla_core=2), dla_cores=cores)


def test_the_first_flavour_that_is_usable_is_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "tensorrt", made_up())
    assert pick_flavour("auto").name == "tensorrt"
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", SimpleNamespace(__version__="1.7"))  # type: ignore[arg-type]
    assert pick_flavour("auto") == pick_flavour("rtx")
    with pytest.raises(MachineCannot, match="tensorrt is not usable here"):
        pick_flavour("tensorrt")


def test_the_facts_tell_of_the_gpu_and_of_timings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asked, "first_gpu", lambda: Gpu("Orin", "87", "12.6", 16))
    flavour = Flavour("tensorrt", made_up())
    request = request_plan(flavour, SIZES, "a\n.onnx", "0" * 64, ["86"], workspace_mib=64)
    assert (request.device, request.compute_capabilities, request.source) == ("Orin", ["87"], "a?.onnx")
    for state in ("new", "reused"):
        plan, facts = make_plan(b"", SHAPES, flavour, request, tmp_path / "a.timing")
        assert plan == PLAN and dict(request).items() <= dict(facts).items()
        assert (facts.timing_cache, facts.driver, facts.bytes) == (state, "12.6", len(PLAN))


def test_ctrl_c_ends_a_build_at_its_next_step():
    steps: list[int] = []

    def build(config: IBuilderConfig) -> None:
        time.sleep(0.2)  # until it is waited for
        os.kill(os.getpid(), signal.SIGINT)
        config.progress_monitor.phase_start("building", None, 3000)
        while config.progress_monitor.step_complete("building", len(steps)) and len(steps) < 3000:
            steps.append(1)
            time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        build_plan(b"", SHAPES, Flavour("tensorrt", made_up(build=build)), Settings())
    assert len(steps) < 3000


def test_progress_goes_to_its_end_through_nested_phases_and_never_back():
    moved: list[tuple[int, str]] = []

    def build(config: IBuilderConfig) -> bytes:
        monitor = config.progress_monitor
        monitor.phase_start("building", None, 2)
        for step in range(2):
            monitor.phase_start("layers", "building", 4)
            assert all(monitor.step_complete("layers", layer) for layer in range(4))
            monitor.phase_finish("layers")
            assert monitor.step_complete("building", step)
        monitor.phase_finish("building")
        return PLAN

    flavour = Flavour("tensorrt", made_up(build=build))
    build_plan(b"", SHAPES, flavour, Settings(), lambda steps=1, note="": moved.append((steps, note)))
    assert [steps for steps, _ in moved] == [12, 13, 12, 13, 12, 13, 12, 13]
    assert moved[0][1] == "layers"


def test_a_build_that_fails_is_one_line_of_what_tensorrt_said():
    with pytest.raises(BadInput, match="TensorRT cannot build this graph: it does not say why"):
        build_plan(b"", SHAPES, Flavour("tensorrt", made_up(build=lambda _: None)), Settings())
