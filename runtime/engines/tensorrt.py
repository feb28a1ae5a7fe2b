"""TensorRT 10 or 11 on an NVIDIA GPU; not executed here, tested on a fake."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np

from ...core.errors import MachineCannot
from ...core.gpu import first_gpu
from ...core.plan_facts import Profile
from ...core.tensorrt_plan import FLAVOURS, Flavour, FlavourName, pick_flavour
from ...core.tensorrt_watch import make_log
from ..cuda import Cuda, Memory
from ..engine import Arrays, Engine, telling_line
from ..plans import plans_of

_SIZES_KEPT = 4
_Shapes = Mapping[str, tuple[int, ...]]


@dataclass(eq=False)
class _Size:
    """Inputs of one size: an execution context with all tensors in place, and its work as a CUDA graph."""

    context: Any
    staged: Mapping[str, np.ndarray]
    """Every input and output, in pinned memory."""
    runs: int = 0
    graph: Any = None


class _Program:
    """A plan on the GPU. Frames go up and down through pinned memory; a call is over when its results are here.

    A CUDA graph holds on to its execution context and to every address, so each of the last few sizes has a context of
    its own, all on the same memory. Where that has to grow it moves, and all of them are made anew.
    """

    def __init__(self, flavour: Flavour, log: Any, engine: Any, cuda: Cuda, stream: int, notes: Sequence[str]) -> None:
        self.notes = notes
        self._flavour, self._log, self._cuda = flavour, log, cuda
        self._engine: Any = engine
        trt, names = flavour.module, [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        self._inputs = [name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
        self._outputs = [name for name in names if name not in self._inputs]
        self._kinds = {name: np.dtype(trt.nptype(engine.get_tensor_dtype(name))) for name in names}
        self._memory = {name: Memory(cuda, staged=True) for name in names}
        self._scratch = Memory(cuda, staged=False)
        self._sizes: OrderedDict[tuple, _Size] = OrderedDict()
        self._own_stream = 0 if stream else cuda.new_stream()
        self._stream = stream or self._own_stream

    def run(self, feeds: Arrays, out: Arrays | None = None) -> Arrays:
        """As `Program.run`."""
        self._log.forget()
        try:
            size = self._size({name: feeds[name].shape for name in self._inputs})
            for name in self._inputs:
                np.copyto(size.staged[name], feeds[name])
            self._work(size)
            if out is None:
                return {name: size.staged[name].copy() for name in self._outputs}
            for name, array in out.items():
                np.copyto(array, size.staged[name])
            return out
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise MachineCannot(f"TensorRT failed on the graph: {telling_line(error)}") from error

    def _size(self, shapes: _Shapes) -> _Size:
        """What is in place for inputs of these shapes."""
        key = tuple(sorted(shapes.items()))
        if key not in self._sizes:
            self._sizes[key] = self._make_size(shapes)
        self._sizes.move_to_end(key)
        self._drop(len(self._sizes) - _SIZES_KEPT)
        return self._sizes[key]

    def _make_size(self, inputs: _Shapes) -> _Size:
        """Shapes come first, for all else follows from them: room, the addresses of memory that has it, then work."""
        self._refuse_unserved(inputs)
        context = self._flavour.make_context(self._engine)
        self._must(context is not None, "TensorRT makes no execution context")
        for name, shape in inputs.items():
            self._must(context.set_input_shape(name, shape), f"TensorRT takes no '{name}' of shape {shape}")
        shapes = {name: tuple(context.get_tensor_shape(name)) for name in self._memory}
        room = {self._memory[name]: prod(shape) * self._kinds[name].itemsize for name, shape in shapes.items()}
        room[self._scratch] = context.update_device_memory_size_for_shapes()
        if any(memory.size < size for memory, size in room.items()):
            self._drop(len(self._sizes))
        for memory, size in room.items():
            memory.grow(size)
        if self._scratch.size:
            context.set_device_memory(self._scratch.device, self._scratch.size)
        for name, memory in self._memory.items():
            self._must(context.set_tensor_address(name, memory.device), f"TensorRT takes no memory for '{name}'")
        return _Size(context, {name: self._memory[name].array(shapes[name], self._kinds[name]) for name in shapes})

    def _refuse_unserved(self, shapes: _Shapes) -> None:
        """Raise MachineCannot for frames of a size that the plan is not for."""
        for name, shape in shapes.items():
            if len(shape) == 4:
                served = [tuple(limit)[2:] for limit in self._engine.get_tensor_profile_shape(name, 0)]
                reason = Profile.of(served).why_not(shape[2:])
                self._must(reason is None, f"the TensorRT plan {reason}; larger ones can be cut into tiles")

    def _work(self, size: _Size) -> None:
        """Queue the work, from the second time on as a graph, and wait until it is done."""
        try:
            if size.runs == 1 and size.graph is None:
                size.graph = self._captured(size)
            if size.graph is None:
                self._queue(size)
            else:
                self._cuda.call("cudaGraphLaunch", size.graph, self._stream)
        finally:
            self._cuda.call("cudaStreamSynchronize", self._stream)
        size.runs += 1

    def _queue(self, size: _Size) -> None:
        for name in self._inputs:
            memory = self._memory[name]
            self._cuda.copy(memory.device, memory.host, size.staged[name].nbytes, self._stream, up=True)
        self._must(size.context.execute_async_v3(self._stream), "TensorRT failed on the graph")
        for name in self._outputs:
            memory = self._memory[name]
            self._cuda.copy(memory.host, memory.device, size.staged[name].nbytes, self._stream, up=False)

    def _captured(self, size: _Size) -> Any:
        """The work as a CUDA graph; None of a network that cannot be captured."""
        try:
            return self._cuda.capture(self._stream, partial(self._queue, size))
        except MachineCannot:
            self._log.forget()
            return None

    def _must(self, done: bool, told: str) -> None:
        if not done:
            raise MachineCannot(f"{told}: {self._log.reason()}" if self._log.errors else told)

    def _drop(self, count: int) -> None:
        """Let go of the sizes that were not used for longest."""
        for _ in range(count):
            _, size = self._sizes.popitem(last=False)
            if size.graph is not None:
                self._cuda.release("cudaGraphExecDestroy", size.graph)
            size.context = size.graph = None

    def close(self) -> None:
        """As `Program.close`. What holds on to memory goes before it; a caller's stream stays."""
        self._drop(len(self._sizes))
        self._engine = None
        for memory in (*self._memory.values(), self._scratch):
            memory.free()
        if self._own_stream:
            self._cuda.release("cudaStreamDestroy", self._own_stream)
            self._own_stream = 0


def _load(name: FlavourName, graph: bytes, threads: int, stream: int = 0) -> _Program:
    """The CPU has no part in it, however many threads it has."""
    flavour, notes = pick_flavour(name), list[str]()
    log = make_log(flavour.module)
    runtime = flavour.module.Runtime(log)
    for plan in plans_of(graph, flavour, notes):
        log.forget()
        engine = runtime.deserialize_cuda_engine(plan)
        if engine is not None:
            return _Program(flavour, log, engine, Cuda(FLAVOURS[name][1]), stream, notes)
    raise MachineCannot(f"TensorRT does not take the plan that it has built: {log.reason()}")


def engine_of(name: FlavourName, summary: str) -> Engine:
    """The engine of one flavour."""
    module, extra = FLAVOURS[name]

    def ready() -> None:
        first_gpu()
        Cuda(extra).call("cudaGetDeviceCount")  # fails where the driver is too old for it

    return Engine(
        summary=summary,
        module=module,
        extra=extra,
        reads="tensorrt",
        # Not measured: before all others. fp16 leads, for what int8 gains on a GPU is not known, and what it costs is.
        speed={"fp16": 50.0, "int8": 40.0, "fp32": 30.0},
        load=partial(_load, name),
        ready=ready,
        on_gpu=True,
        takes_stream=True,
    )


ENGINE = engine_of("tensorrt", "TensorRT 10 or 11 on an NVIDIA GPU (not executed here)")
