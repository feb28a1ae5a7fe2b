"""A CUDA runtime for machines without a GPU, which is strict about how it is used.

Work that a stream is given is done when somebody waits for that stream, and not before. `Misuse` is raised for memory
that is not there any more or too small, for anything that is freed twice or while it is in use, and for work that its
copies do not share a stream with.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from typing import Any
from weakref import WeakSet

import numpy as np

Work = Callable[[], None]
_NUMBERS = count(0x1000, 0x1000)


class Misuse(AssertionError):
    """What would have been a crash, or another picture."""


class Status(IntEnum):
    """As CUDA numbers them."""

    cudaSuccess = 0
    cudaErrorMemoryAllocation = 2
    cudaErrorInsufficientDriver = 35
    cudaErrorLaunchFailure = 719


_TOLD = {
    Status.cudaErrorMemoryAllocation: b"out of memory",
    Status.cudaErrorInsufficientDriver: b"CUDA driver version is insufficient for CUDA runtime version",
    Status.cudaErrorLaunchFailure: b"launch failure",
}


@dataclass
class Faults:
    """What is to go wrong."""

    device_bytes: int = 1 << 30
    """The memory of the device."""
    driver: int = 0
    """What the driver answers when it is started: 100 is that it shows no device."""
    too_old: bool = False
    """Whether the driver serves only an older CUDA."""
    takes_plans: bool = True
    makes_contexts: bool = True
    captures: bool = True
    """Whether work can be kept as a graph."""
    executions: int | None = None
    """How many will be done before each one fails."""


@dataclass
class Stream:
    """What is still to be done on it and, in a capture, what is kept."""

    waiting: list[Work] = field(default_factory=list)
    kept: list[Work] | None = None


class Runtime:
    """Stands in for the module `cuda.bindings.runtime`, and holds all that there is on the device."""

    cudaStreamNonBlocking = 1
    cudaMemcpyKind = IntEnum("cudaMemcpyKind", {"cudaMemcpyHostToDevice": 1, "cudaMemcpyDeviceToHost": 2})
    cudaStreamCaptureMode = IntEnum("cudaStreamCaptureMode", {"cudaStreamCaptureModeThreadLocal": 1})

    def __init__(self) -> None:
        self.faults = Faults()
        self.device: dict[int, np.ndarray] = {}
        self.pinned: dict[int, Any] = {}
        self.streams: dict[int, Stream] = {}
        self.graphs: dict[int, list[Work]] = {}
        self.launchable: dict[int, list[Work]] = {}
        self.contexts: WeakSet[Any] = WeakSet()
        """Execution contexts, which hold on to addresses."""
        self.copied_on = 0
        """The stream of the last copy."""
        self.calls: list[str] = []

    def held(self) -> int:
        """How many things nobody has let go of."""
        kinds = (self.device, self.pinned, self.streams, self.graphs, self.launchable, self.contexts)
        return sum(len(kind) for kind in kinds)

    def may_execute(self) -> bool:
        """Whether one more execution is done, or fails."""
        if self.faults.executions is None:
            return True
        self.faults.executions -= 1
        return self.faults.executions >= 0

    def stream(self, number: int) -> Stream:
        """A stream that is there."""
        if number not in self.streams:
            raise Misuse("a stream that is not there")
        return self.streams[number]

    def give(self, number: int, work: Work) -> None:
        """Queue work, or keep it."""
        stream = self.stream(number)
        (stream.waiting if stream.kept is None else stream.kept).append(work)

    def room(self, address: int, size: int) -> np.ndarray:
        """The beginning of memory on the device, which must be there and have so many bytes."""
        if address not in self.device or self.device[address].size < size:
            raise Misuse(f"{size} bytes of memory on the device that is not there, or smaller")
        return self.device[address][:size]

    def cudaGetErrorString(self, status: Status) -> tuple[Status, bytes]:
        return Status.cudaSuccess, _TOLD[status]

    def cudaGetDeviceCount(self) -> tuple[Status, int]:
        return (Status.cudaErrorInsufficientDriver if self.faults.too_old else Status.cudaSuccess), 1

    def cudaMalloc(self, size: int) -> tuple[Status, int]:
        self.calls.append("allocate")
        if sum(held.size for held in self.device.values()) + size > self.faults.device_bytes:
            return Status.cudaErrorMemoryAllocation, 0
        address = next(_NUMBERS)
        self.device[address] = np.full(size, 0xCD, np.uint8)
        return Status.cudaSuccess, address

    def cudaMallocHost(self, size: int) -> tuple[Status, int]:
        memory = (ctypes.c_byte * size)()
        self.pinned[ctypes.addressof(memory)] = memory
        return Status.cudaSuccess, ctypes.addressof(memory)

    def cudaFree(self, address: int) -> tuple[Status]:
        if any(address in context.holds() for context in self.contexts):
            raise Misuse("memory is freed that a context holds on to")
        return self._let_go(self.device, address)

    def cudaFreeHost(self, address: int) -> tuple[Status]:
        return self._let_go(self.pinned, address)

    def cudaStreamCreateWithFlags(self, flags: int) -> tuple[Status, int]:
        number = next(_NUMBERS)
        self.streams[number] = Stream()
        return Status.cudaSuccess, number

    def cudaStreamDestroy(self, stream: int) -> tuple[Status]:
        return self._let_go(self.streams, stream)

    def cudaStreamSynchronize(self, stream: int) -> tuple[Status]:
        self.calls.append("wait")
        waiting = self.stream(stream).waiting
        while waiting:
            waiting.pop(0)()
        return (Status.cudaSuccess,)

    def cudaMemcpyAsync(self, target: int, source: int, size: int, kind: IntEnum, stream: int) -> tuple[Status]:
        up = kind is self.cudaMemcpyKind.cudaMemcpyHostToDevice
        address, place = (target, source) if up else (source, target)
        self.calls.append("up" if up else "down")
        self.copied_on = stream
        self.room(address, size)
        if place not in self.pinned or len(self.pinned[place]) < size:
            raise Misuse("a copy from or to memory that is not pinned, or too small")

        def work() -> None:
            here, there = self.room(address, size), np.frombuffer(self.pinned[place], np.uint8)[:size]
            np.copyto(*((here, there) if up else (there, here)))

        self.give(stream, work)
        return (Status.cudaSuccess,)

    def cudaStreamBeginCapture(self, stream: int, mode: IntEnum) -> tuple[Status]:
        self.calls.append("capture")
        found = self.stream(stream)
        if found.waiting or found.kept is not None:
            raise Misuse("a capture begins while work waits")
        found.kept = []
        return (Status.cudaSuccess,)

    def cudaStreamEndCapture(self, stream: int) -> tuple[Status, int]:
        found, number = self.stream(stream), next(_NUMBERS)
        if found.kept is None:
            raise Misuse("a capture ends that was not begun")
        self.graphs[number], found.kept = found.kept, None
        return Status.cudaSuccess, number

    def cudaGraphInstantiate(self, graph: int, flags: int) -> tuple[Status, int]:
        number = next(_NUMBERS)
        self.launchable[number] = self.graphs[graph]
        return Status.cudaSuccess, number

    def cudaGraphDestroy(self, graph: int) -> tuple[Status]:
        return self._let_go(self.graphs, graph)

    def cudaGraphExecDestroy(self, graph: int) -> tuple[Status]:
        return self._let_go(self.launchable, graph)

    def cudaGraphLaunch(self, graph: int, stream: int) -> tuple[Status]:
        self.calls.append("launch")
        if graph not in self.launchable:
            raise Misuse("a graph that is not there")
        if not self.may_execute():
            return (Status.cudaErrorLaunchFailure,)
        for work in self.launchable[graph]:
            self.give(stream, work)
        return (Status.cudaSuccess,)

    def _let_go(self, held: dict[int, Any], number: int) -> tuple[Status]:
        if any(stream.waiting for stream in self.streams.values()):
            raise Misuse("something is let go of while work waits")
        if number not in held:
            raise Misuse("something is let go of that is not there any more")
        del held[number]
        return (Status.cudaSuccess,)
