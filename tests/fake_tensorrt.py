"""A TensorRT that runs its plans on onnxruntime, in the memory of a made-up GPU; strict about the order of calls."""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Sequence
from enum import IntEnum
from types import SimpleNamespace
from typing import Any
from weakref import ref

import numpy as np
import onnxruntime
import pytest
from fake_cuda import Misuse, Runtime
from fake_driver import Driver
from made_up_tensorrt import IBuilderConfig, made_up

_SCRATCH = 4
"""Bytes that an execution needs besides, for each value that goes in."""
_MARK = b"a plan, made up: "


class TensorIOMode(IntEnum):
    INPUT = 1
    OUTPUT = 2


class ExecutionContextAllocationStrategy(IntEnum):
    STATIC = 0
    USER_MANAGED = 2


class ComputeCapability(IntEnum):
    SM86 = 86
    SM120 = 120


class DynamicShapesKernelSpecializationStrategy(IntEnum):
    LAZY = 0
    EAGER = 1


class RuntimeConfig:
    dynamic_shapes_kernel_specialization_strategy = DynamicShapesKernelSpecializationStrategy.LAZY
    strategy = ExecutionContextAllocationStrategy.STATIC

    def set_execution_context_allocation_strategy(self, strategy: ExecutionContextAllocationStrategy) -> None:
        self.strategy = strategy


class Context:
    """An execution context without memory of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._gpu = engine, engine.gpu
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._addresses: dict[str, int] = {}
        self._scratch = 0
        self._kept = False
        self._gpu.contexts.add(self)

    def holds(self) -> set[int]:
        """The memory that it has been given."""
        return {*self._addresses.values(), self._scratch}

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        if self._addresses or self._kept:
            raise Misuse("a shape is set behind an address, or behind a capture")
        least, _, most = self._engine.get_tensor_profile_shape(name, 0)
        served = len(shape) == len(least) and all(a <= b <= c for a, b, c in zip(least, shape, most, strict=True))
        if served:
            self._shapes[name] = tuple(shape)
        return served

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self._engine.shapes(self._inputs())[name]

    def update_device_memory_size_for_shapes(self) -> int:
        return _SCRATCH * sum(int(np.prod(shape)) for shape in self._inputs().values())

    def set_device_memory(self, memory: int, size: int) -> None:
        self._gpu.room(memory, max(size, self.update_device_memory_size_for_shapes()))
        self._scratch = memory

    def set_tensor_address(self, name: str, memory: int) -> bool:
        if self._kept:
            raise Misuse("an address is set behind a capture")
        self._gpu.room(memory, self._engine.bytes(name, self._inputs()))
        self._addresses[name] = memory
        return True

    def execute_async_v3(self, stream_handle: int) -> bool:
        gpu, inputs, addresses = self._gpu, self._inputs(), dict(self._addresses)
        gpu.calls.append("execute")
        if gpu.copied_on != stream_handle or addresses.keys() != self._engine.modes.keys() or not self._scratch:
            raise Misuse("work without its memory, or on another stream than its copies")
        self._kept = gpu.stream(stream_handle).kept is not None
        if (self._kept and not gpu.faults.captures) or (not self._kept and not gpu.may_execute()):
            self._engine.log.log(self._engine.log.Severity.ERROR, "the kernel failed")
            return False
        alive, engine = ref(self), self._engine

        def work() -> None:
            if alive() is None:
                raise Misuse("work of a context that is gone")
            engine.compute(inputs, addresses)

        gpu.give(stream_handle, work)
        return True

    def _inputs(self) -> dict[str, tuple[int, ...]]:
        if self._shapes.keys() != self._engine.profile.keys():
            raise Misuse("the shapes of the inputs are not all set")
        return self._shapes


class Engine:
    """A plan that was loaded."""

    def __init__(self, plan: bytes, gpu: Runtime, log: Any) -> None:
        told, _, graph = plan.removeprefix(_MARK).partition(b"\n")
        self.gpu, self.log, self.profile = gpu, log, json.loads(told)["profile"]
        self._session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        self.modes = dict.fromkeys((one.name for one in inputs), TensorIOMode.INPUT)
        self.modes |= dict.fromkeys((one.name for one in outputs), TensorIOMode.OUTPUT)

    @property
    def num_io_tensors(self) -> int:
        return len(self.modes)

    def get_tensor_name(self, index: int) -> str:
        return list(self.modes)[index]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return self.modes[name]

    def get_tensor_dtype(self, name: str) -> str:
        return "FLOAT"

    def get_tensor_profile_shape(self, name: str, profile_index: int) -> list[tuple[int, ...]]:
        return [tuple(shape) for shape in self.profile[name]]

    def create_runtime_config(self) -> RuntimeConfig:
        return RuntimeConfig()

    def create_execution_context(self, how: ExecutionContextAllocationStrategy | RuntimeConfig) -> Context | None:
        strategy = how.strategy if isinstance(how, RuntimeConfig) else how
        if strategy is not ExecutionContextAllocationStrategy.USER_MANAGED:
            raise Misuse("memory that nobody counts")
        return Context(self) if self.gpu.faults.makes_contexts else None

    def shapes(self, inputs: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        """Of every tensor."""
        made = self._run({name: np.full(shape, 0.5, np.float32) for name, shape in inputs.items()})
        return inputs | {name: array.shape for name, array in made.items()}

    def bytes(self, name: str, inputs: dict[str, tuple[int, ...]]) -> int:
        """Of one tensor."""
        return 4 * int(np.prod(self.shapes(inputs)[name]))

    def compute(self, inputs: dict[str, tuple[int, ...]], addresses: dict[str, int]) -> None:
        """From memory on the device into memory on the device."""
        feeds = {
            name: self.gpu.room(addresses[name], 4 * int(np.prod(shape))).view(np.float32).reshape(shape)
            for name, shape in inputs.items()
        }
        for name, array in self._run(feeds).items():
            self.gpu.room(addresses[name], array.nbytes)[:] = np.frombuffer(array.tobytes(), np.uint8)

    def _run(self, feeds: dict[str, np.ndarray]) -> dict[str, Any]:
        names = [output.name for output in self._session.get_outputs()]
        return dict(zip(names, self._session.run(names, feeds), strict=True))


def fake_tensorrt(gpu: Runtime, version: str = "10.3.0") -> Any:
    """A module `tensorrt`, or `tensorrt_rtx`, whose `built` lists the networks that were built."""
    parsed: list[bytes] = []

    def build(config: IBuilderConfig) -> bytes:
        told = {"version": version, "profile": config.profiles[-1]}
        return _MARK + json.dumps(told).encode() + b"\n" + parsed[-1]

    class OnnxParser:
        def __init__(self, network: Any, logger: Any) -> None:
            self._error = ""

        def parse(self, model: bytes) -> bool:
            try:
                onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
            except Exception as error:
                self._error = str(error)
                return False
            parsed.append(model)
            return True

        def get_error(self, index: int) -> Any:
            return SimpleNamespace(desc=lambda: self._error)

    class Loader:
        def __init__(self, logger: Any) -> None:
            self._log = logger

        def deserialize_cuda_engine(self, serialized_engine: bytes) -> Engine | None:
            if gpu.faults.takes_plans and serialized_engine.startswith(_MARK):
                return Engine(serialized_engine, gpu, self._log)
            self._log.log(self._log.Severity.ERROR, "the plan is not of this TensorRT")
            return None

    module = made_up(version, build=build)
    plain = module.Builder

    class Config(IBuilderConfig):
        num_compute_capabilities = 0

        def set_compute_capability(self, capability: ComputeCapability, index: int) -> None:
            pass

    class Builder(plain):
        def create_builder_config(self) -> Config:
            return Config()

    kinds = [OnnxParser, Builder, TensorIOMode, ExecutionContextAllocationStrategy, ComputeCapability]
    kinds.append(DynamicShapesKernelSpecializationStrategy)
    names = {kind.__name__: kind for kind in kinds}
    module.__dict__.update(names, Runtime=Loader, nptype=lambda kind: {"FLOAT": np.float32}[kind])
    return module


class _Driver(Driver):
    """Fails where the faults of the GPU say so."""

    def __init__(self, gpu: Runtime, name: bytes) -> None:
        super().__init__(name)
        self._gpu = gpu

    def cuInit(self, flags: int) -> int:
        return self._gpu.faults.driver


def install(
    monkeypatch: pytest.MonkeyPatch,
    modules: Sequence[str] = ("tensorrt", "tensorrt_rtx"),
    version: str = "10.3.0",
    name: bytes = b"NVIDIA A10",
) -> Runtime:
    """Put TensorRT, the CUDA runtime and a driver in place; gives what counts all use of them."""
    gpu, load = Runtime(), ctypes.CDLL
    driver = _Driver(gpu, name)
    for module in ("tensorrt", "tensorrt_rtx"):
        monkeypatch.setitem(sys.modules, module, fake_tensorrt(gpu, version) if module in modules else None)
    monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", gpu)  # type: ignore[arg-type]
    monkeypatch.setattr(ctypes, "CDLL", lambda file, *rest: driver if "libcuda" in str(file) else load(file, *rest))
    return gpu
