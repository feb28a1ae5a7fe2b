"""CUDA through cuda-bindings, the core of cuda-python: calls that raise, and memory that grows and never shrinks."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import ExitStack
from math import prod
from typing import Any

import numpy as np

from ..core.errors import MachineCannot, OutOfMemory, need

MODULE = "cuda.bindings.runtime"
_NO_MEMORY = 2
"""As CUDA numbers the error of an allocation that fails, on the device or of pinned memory."""


class Cuda:
    """The CUDA runtime. Raises MachineCannot where the package is missing; `extra` is what installs it."""

    def __init__(self, extra: str) -> None:
        self._runtime: Any = need(MODULE, extra)

    def call(self, name: str, *arguments: Any) -> Any:
        """What a function of the runtime gives beside its status. Raises MachineCannot by that status."""
        status, *given = getattr(self._runtime, name)(*arguments)
        if int(status):
            _, text = self._runtime.cudaGetErrorString(status)
            kind = OutOfMemory if int(status) == _NO_MEMORY else MachineCannot
            raise kind(f"CUDA's {name} failed: {text.decode()}")
        return given[0] if given else None

    def release(self, name: str, held: Any) -> None:
        """Let go of something. What fails here has failed before, and was told then."""
        getattr(self._runtime, name)(held)

    def new_stream(self) -> int:
        """A stream that waits for no other."""
        return int(self.call("cudaStreamCreateWithFlags", self._runtime.cudaStreamNonBlocking))

    def copy(self, target: int, source: int, size: int, stream: int, up: bool) -> None:
        """Have the stream copy `size` bytes of pinned memory `up` to the device, or back."""
        kinds = self._runtime.cudaMemcpyKind
        kind = kinds.cudaMemcpyHostToDevice if up else kinds.cudaMemcpyDeviceToHost
        self.call("cudaMemcpyAsync", target, source, size, kind, stream)

    def capture(self, stream: int, queue: Callable[[], object]) -> Any:
        """What `queue` gives the stream to do, kept instead of done, and made ready to be launched as one graph.

        Other threads go on as ever meanwhile.
        """
        mode = self._runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self.call("cudaStreamBeginCapture", stream, mode)
        with ExitStack() as after:
            try:
                queue()
            finally:
                graph = self.call("cudaStreamEndCapture", stream)
                after.callback(self.release, "cudaGraphDestroy", graph)
            return self.call("cudaGraphInstantiate", graph, 0)


class Memory:
    """Memory on the device and, where it is `staged`, as much pinned memory to fill it from or to empty it into."""

    def __init__(self, cuda: Cuda, staged: bool) -> None:
        self._cuda, self._staged = cuda, staged
        self.size = self.device = self.host = 0
        """Bytes, and the address of either; 0 for none."""

    def grow(self, size: int) -> None:
        """Have room for so many bytes, elsewhere than before if there was less. Raises MachineCannot."""
        if size <= self.size:
            return
        self.free()
        self.device = self._cuda.call("cudaMalloc", size)
        if self._staged:
            self.host = self._cuda.call("cudaMallocHost", size)
        self.size = size

    def array(self, shape: tuple[int, ...], kind: np.dtype) -> np.ndarray:
        """The beginning of the pinned memory as an array, good until it grows or is freed."""
        held = (ctypes.c_byte * (prod(shape) * kind.itemsize)).from_address(self.host)
        return np.ndarray(shape, kind, memoryview(held))

    def free(self) -> None:
        """Let go of all of it."""
        for name, address in (("cudaFree", self.device), ("cudaFreeHost", self.host)):
            if address:
                self._cuda.release(name, address)
        self.size = self.device = self.host = 0
