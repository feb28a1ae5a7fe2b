"""The flat surface as a C program sees it, with the names of `api`, so that one test serves both."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from built import outside
from pocketlens.runtime.api import Descriptor, Status

_SETTERS = {int: "set_i32", float: "set_f32", str: "set_str"}
_OF_FRAME = ("format", "width", "height", "matrix", "range", "pts", "duration")


class Driven:
    """Calls that the program of driver.c makes, one by one."""

    def __init__(self, program: Path, *before: str) -> None:
        pipe = subprocess.PIPE
        command = [*before, str(program)]
        self._program = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd="/", env=outside()
        )

    def close(self) -> str:
        """End the program, which must end well, and give what was printed on standard error."""
        printed = self._program.communicate()[1]
        assert self._program.returncode == 0, printed
        return printed

    def create(self, bundle: str | None, options: Mapping[str, Any]) -> tuple[Status, int]:
        """A handle with these options."""
        status, handle = map(int, self._ask("create", bundle))
        for key, value in options.items() if handle else ():
            assert self._ask(_SETTERS[type(value)], handle, key, value) == ["0"]
        return Status(status), handle

    def get_i32(self, handle: int, key: str | None) -> tuple[Status, int]:
        """Read a whole number."""
        status, value = self._ask("get_i32", handle, key)
        return Status(int(status)), int(value)

    def get_f32(self, handle: int, key: str | None) -> tuple[Status, float]:
        """Read a number."""
        status, value = self._ask("get_f32", handle, key)
        return Status(int(status)), float(value)

    def get_str(self, handle: int, key: str | None) -> tuple[Status, str]:
        """Read a string."""
        status, value = self._ask("get_str", handle, key)
        return Status(int(status)), value

    def push(self, handle: int, frame: Descriptor | None) -> Status:
        """Give a frame."""
        return Status(int(self._ask("push", handle, *_fields(frame))[0]))

    def pull(self, handle: int, out: Descriptor | None) -> Status:
        """Take a frame, of which the program keeps the pixels."""
        status, *facts = map(int, self._ask("pull", handle, *_fields(out)))
        if out is not None:
            out.width, out.height, out.pts, out.duration = facts[:4]
            out.time_base = Fraction(*facts[4:]) if facts[5] else Fraction(0)
        return Status(status)

    def last_error(self, handle: int) -> str:
        """Why a call failed."""
        size, line = self._ask("last_error", handle)
        assert int(size) == len(line.encode()) + 1
        return line

    def status_string(self, status: int) -> str:
        """What a status means."""
        return self._ask("status_string", status)[1]

    def version(self) -> str:
        """The version that serves."""
        return self._ask("version")[1]

    def __getattr__(self, function: str) -> Any:
        """Every other function takes what its line has, and answers a status."""
        return lambda *arguments: Status(int(self._ask(function, *arguments)[0]))

    def _ask(self, *fields: Any) -> list[str]:
        assert self._program.stdin and self._program.stdout
        self._program.stdin.write("\t".join("null" if field is None else str(field) for field in fields) + "\n")
        self._program.stdin.flush()
        answer = self._program.stdout.readline()
        assert answer, f"the program ended with {self._program.wait()} in {fields}"
        return answer.removesuffix("\n").split("\t")


def _fields(frame: Descriptor | None) -> list[Any]:
    if frame is None:
        return [None]
    facts = [int(getattr(frame, name)) for name in _OF_FRAME]
    return [*facts, *frame.time_base.as_integer_ratio(), frame.data[0], len(frame.data), *(frame.strides or ())]
