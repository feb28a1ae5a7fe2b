"""What a file in `engines/` registers as `ENGINE`: something that runs an ONNX graph."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NoReturn, Protocol

import numpy as np

from ..core.errors import MachineCannot, need

Arrays = Mapping[str, np.ndarray]


FallBack = Callable[[MachineCannot], Any]
"""A failure -> what to go on with in the place of that which failed. Raises the failure where there is nothing."""


class Program(Protocol):
    """A loaded graph. One caller at a time; many programs may run side by side."""

    @property
    def notes(self) -> Sequence[str]:
        """What a user should know of how it was loaded, a line each; mostly nothing."""
        ...

    def run(self, feeds: Arrays, out: Arrays | None = None) -> Arrays:
        """Input name -> C-contiguous array; gives output name -> array.

        With `out` the results are written into those C-contiguous arrays, which must have the right
        shape and kind; without it they are new arrays, the caller's to keep. Raises MachineCannot.
        """
        ...

    def close(self) -> None:
        """Let go of memory and threads; a closed program cannot run."""
        ...


@dataclass(frozen=True)
class Engine:
    """One way to run graphs on this machine."""

    summary: str
    module: str
    """The Python package it needs, and the extra of pocketlens that installs it."""
    extra: str
    reads: str
    """Which graphs of a bundle are for it: `cpu` or `tensorrt`."""
    speed: Mapping[str, float]
    """Precision -> pictures a second next to onnxruntime in fp32, measured on plain convolutional
    students. `auto` goes by the order alone."""
    load: Callable[..., Program]
    """ONNX bytes, a number of threads and, of an engine that `takes_stream`, a `stream` -> a program. Raises
    MachineCannot."""
    ready: Callable[[], object] = lambda: None
    """Raises MachineCannot, with the mend, where more than the package is missing: a driver, a device. Asked first."""
    on_gpu: bool = False
    """Whether it runs on an NVIDIA GPU; where there is none, `auto` says nothing of it."""
    takes_stream: bool = False
    """Whether its programs can do their work on a caller's CUDA stream, given as a number."""
    takes_bytes: bool = False
    """Whether its programs also take and give uint8 where a graph has float32, in steps of 1/255, rounded and
    saturated: what an engine converts on its way costs next to nothing."""

    @property
    def device(self) -> str:
        """What it runs on: `cpu` or `gpu`."""
        return "gpu" if self.on_gpu else "cpu"

    def why_not(self) -> str | None:
        """Why this machine cannot use it, with the mend of all that is missing; None when it can."""
        missing = _complaint(self.ready)
        # A package that is there is not imported in vain: that takes time.
        if missing and _installed(self.module):
            return missing
        package = _complaint(lambda: need(self.module, self.extra))
        return "; ".join(filter(None, (missing, package))) or None

    def version(self) -> str:
        """The version of the package behind it, which must be usable."""
        return str(need(self.module, self.extra).__version__)


def _complaint(asked: Callable[[], object]) -> str | None:
    try:
        asked()
    except MachineCannot as error:
        return str(error)
    return None


def _installed(module: str) -> bool:
    return module in sys.modules or find_spec(module) is not None


def no_fallback(error: MachineCannot) -> NoReturn:
    """Raise the error: there is nothing to go on with."""
    raise error


def all_threads() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def telling_line(error: Exception) -> str:
    """The line of an engine's error that says something; OpenVINO puts its own source lines first."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("Exception from")]
    return lines[0].strip() if lines else type(error).__name__
