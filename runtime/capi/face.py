"""The functions of the C header, each of them that of `api`: here C's pointers become Python's values, and back."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ...core.errors import BadInput
from .. import api
from ..descriptor import Descriptor
from ..handles import NOBODY, Instance, call, find, guarded
from ..status import Refused, Status, answer
from .declarations import served
from .frames import described, write_time

_FAILED = {"last_error": 0, "status_string": None, "version": None}
"""What a function gives where even its failure fails; of all others it is INTERNAL."""


def serve(ffi: Any) -> None:
    """Let C call the functions. One that raises is a fault of pocketlens, and C is told so."""
    face = Face(ffi)
    for name in served():
        failed = _FAILED.get(name, Status.INTERNAL)
        error = ffi.NULL if failed is None else failed
        ffi.def_extern(name=f"python_{name}", error=error, onerror=face.remember)(getattr(face, name))


def _refuse(handle: int, status: Status, told: str) -> Status:
    """Refuse a call with a handle, which is dead or busy before it is anything else."""
    return call(handle, _refusal(status, told))


def _refusal(status: Status, told: str) -> Callable[[Instance], Status]:
    def work(_: Instance) -> Status:
        raise Refused(status, told)

    return work


class Face:
    """The functions, over the types of one library; names and arguments are those of the header."""

    def __init__(self, ffi: Any) -> None:
        self._ffi = ffi
        self._kept: dict[str, Any] = {}

    def create(self, bundle: Any, place: Any) -> Status:
        """A handle for a bundle."""
        if not place:
            return guarded(NOBODY, _refusal(Status.BAD_VALUE, "the place for the handle is NULL"))
        status, number = api.create(self._text(bundle))
        place[0] = self._ffi.cast("pocketlens *", number)
        return status

    def set_i32(self, handle: Any, key: Any, value: int) -> Status:
        """Set a whole number."""
        return api.set_i32(self._number(handle), self._text(key), value)

    def set_f32(self, handle: Any, key: Any, value: float) -> Status:
        """Set a number."""
        return api.set_f32(self._number(handle), self._text(key), value)

    def set_str(self, handle: Any, key: Any, value: Any) -> Status:
        """Set a string."""
        return api.set_str(self._number(handle), self._text(key), self._text(value))

    def get_i32(self, handle: Any, key: Any, value: Any) -> Status:
        """Read a whole number."""
        return self._get(api.get_i32, handle, key, value)

    def get_f32(self, handle: Any, key: Any, value: Any) -> Status:
        """Read a number."""
        return self._get(api.get_f32, handle, key, value)

    def get_str(self, handle: Any, key: Any, value: Any, size: int) -> Status:
        """Read a string."""
        number = self._number(handle)
        status, found = api.get_str(number, self._text(key))
        if status != Status.OK:
            return status
        line = os.fsencode(found) + b"\0"
        if not value or size < len(line):
            return _refuse(number, Status.BAD_VALUE, f"the value takes {len(line)} bytes, not {size if value else 0}")
        self._ffi.memmove(value, line, len(line))
        return status

    def load(self, handle: Any) -> Status:
        """Open the bundle."""
        return api.load(self._number(handle))

    def push(self, handle: Any, frame: Any) -> Status:
        """Give the next frame."""
        return self._exchange(api.push, handle, frame)[0]

    def pull(self, handle: Any, frame: Any) -> Status:
        """Take the next frame."""
        status, told = self._exchange(api.pull, handle, frame)
        if told and status == Status.OK:
            write_time(frame, told)
        elif told and status == Status.OTHER_SIZE:
            frame.width, frame.height = told.width, told.height
        return status

    def flush(self, handle: Any) -> Status:
        """End the clip."""
        return api.flush(self._number(handle))

    def reset(self, handle: Any) -> Status:
        """Forget every frame."""
        return api.reset(self._number(handle))

    def destroy(self, handle: Any) -> Status:
        """Let go of the model."""
        return api.destroy(self._number(handle))

    def last_error(self, handle: Any, line: Any, size: int) -> int:
        """Write why a call failed, as much as there is room for; gives the bytes of all of it."""
        told = os.fsencode(api.last_error(self._number(handle)))
        if size:
            self._ffi.memmove(line, told[: size - 1] + b"\0", min(len(told) + 1, size))
        return len(told) + 1

    def status_string(self, status: int) -> Any:
        """What a status means."""
        return self._keep(api.status_string(int(status)))

    def version(self) -> Any:
        """The version of pocketlens."""
        return self._keep(api.version())

    def remember(self, _: Any, error: Exception, trace: Any) -> None:
        """Keep a line about a fault of a function here, for the handle that it was called with."""
        handle = trace.tb_frame.f_locals.get("handle") if trace else None
        (find(self._number(handle)) or NOBODY).error = answer(error)[1]

    def _get(self, getter: Callable[[int, str], tuple[Status, Any]], handle: Any, key: Any, value: Any) -> Status:
        number = self._number(handle)
        if not value:
            return _refuse(number, Status.BAD_VALUE, "the place for the value is NULL")
        status, value[0] = getter(number, self._text(key))
        return status

    def _exchange(
        self, exchange: Callable[[int, Descriptor], Status], handle: Any, frame: Any
    ) -> tuple[Status, Descriptor | None]:
        """Make a call with a frame; gives also what the call knows of it then."""
        number = self._number(handle)
        try:
            told = described(self._ffi, frame)
        except BadInput as error:
            return _refuse(number, Status.BAD_FRAME, str(error)), None
        return exchange(number, told), told

    def _number(self, handle: Any) -> int:
        return int(self._ffi.cast("uintptr_t", handle or self._ffi.NULL))

    def _text(self, given: Any) -> Any:
        """A string of C; None of NULL, which the call refuses."""
        return os.fsdecode(self._ffi.string(given)) if given else None

    def _keep(self, line: str) -> Any:
        if line not in self._kept:
            self._kept[line] = self._ffi.new("char[]", line.encode())
        return self._kept[line]
