"""What TensorRT tells while it builds: why it failed, and how far it is."""

from __future__ import annotations

import textwrap
from threading import Event
from types import ModuleType
from typing import Any

from .progress import Advance

STEPS = 100
"""How many steps a progress line of a build has."""


def one_line(message: str) -> str:
    """A message short enough for the line that a user sees."""
    return textwrap.shorten(message, 300, placeholder=" ...")


def make_log(trt: ModuleType) -> Any:
    """A logger that keeps errors, for the one line a user sees."""

    class Log(trt.ILogger):
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if severity in (trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR):
                self.errors.append(message)

        def forget(self) -> None:
            self.errors.clear()

        def reason(self) -> str:
            # Without a GPU every call also complains of the driver; that is not why a build failed.
            telling = [line for line in self.errors if "cudaError 35" not in line]
            return one_line((telling or self.errors or ["it does not say why"])[0])

    return Log()


def make_monitor(trt: ModuleType, advance: Advance | None, stop: Event) -> Any:
    """A monitor that moves `advance` on by `STEPS` in all, and ends the build once `stop` is set."""

    class Monitor(trt.IProgressMonitor):
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self._phases: dict[str, tuple[int, int]] = {}
            self._shown = 0

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            self._phases[phase_name] = 0, max(num_steps, 1)

        def step_complete(self, phase_name: str, step: int) -> bool:
            _, steps = self._phases.get(phase_name, (0, 1))
            self._phases[phase_name] = step + 1, steps
            self._show(self._place(), phase_name)
            return not stop.is_set()

        def phase_finish(self, phase_name: str) -> None:
            self._phases.pop(phase_name, None)
            if not (self._phases or stop.is_set()):
                self._show(STEPS, phase_name)

        def _place(self) -> int:
            # A phase lies within a step of the one that was started before it.
            part, done = 1.0, 0.0
            for complete, steps in self._phases.values():
                part /= steps
                done += part * complete
            return int(STEPS * min(done, 1))

        def _show(self, place: int, phase_name: str) -> None:
            forward = place - self._shown
            if advance and forward > 0:
                self._shown += forward
                advance(forward, phase_name)

    return Monitor()
