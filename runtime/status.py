"""What a call of `api` answers, and how a failure becomes that."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from ..core.errors import BadBundle, BadInput, MachineCannot, OutOfMemory, PocketlensError


class Status(IntEnum):
    """0 is done; above it lies what is no failure, below it what is: by hundreds the caller's, the machine's, ours."""

    OK = 0
    AGAIN = 1
    END = 2
    BAD_HANDLE = -101
    BAD_STATE = -102
    BUSY = -103
    BAD_KEY = -104
    BAD_VALUE = -105
    BAD_BUNDLE = -106
    BAD_FRAME = -107
    OTHER_SIZE = -108
    MACHINE_CANNOT = -201
    OUT_OF_MEMORY = -202
    INTERNAL = -301


TOLD = {
    Status.OK: "done",
    Status.AGAIN: "not now: pull before the next push, or push before the next pull",
    Status.END: "the clip is at its end",
    Status.BAD_HANDLE: "no such handle; it was never created, or is destroyed",
    Status.BAD_STATE: "this call cannot come here: settings come before load, frames after it",
    Status.BUSY: "another thread is in a call with this handle",
    Status.BAD_KEY: "no such key, or not of this kind",
    Status.BAD_VALUE: "a value cannot be used",
    Status.BAD_BUNDLE: "the bundle cannot be opened",
    Status.BAD_FRAME: "a frame, or what is said of it, cannot be used",
    Status.OTHER_SIZE: "the frame that waits has another size, which is now in the descriptor",
    Status.MACHINE_CANNOT: "this machine lacks an engine, a package or a device",
    Status.OUT_OF_MEMORY: "out of memory",
    Status.INTERNAL: "a fault of pocketlens",
}
"""Status -> what it means, in a line."""


class Refused(BadInput):
    """The caller's fault, with the status that says which."""

    def __init__(self, status: Status, told: str) -> None:
        super().__init__(told)
        self.status = status


@contextmanager
def refusing(status: Status, prefix: str = "") -> Iterator[None]:
    """Give BadInput that comes up in the block a status, and its line a beginning."""
    try:
        yield
    except Refused:
        raise
    except BadInput as error:
        raise Refused(status, f"{prefix}{error}") from error


def answer(error: Exception) -> tuple[Status, str]:
    """The status of a failure, and a line about it that can be written anywhere."""
    if isinstance(error, Refused):
        status = error.status
    elif isinstance(error, BadInput):
        status = Status.BAD_BUNDLE if isinstance(error, BadBundle) else Status.BAD_VALUE
    elif isinstance(error, MemoryError | OutOfMemory):
        status = Status.OUT_OF_MEMORY
    else:
        status = Status.MACHINE_CANNOT if isinstance(error, MachineCannot) else Status.INTERNAL
    # `traceback` has a line even of an error that cannot write itself.
    told = str(error) if isinstance(error, PocketlensError) else traceback.format_exception_only(error)[-1]
    return status, " ".join(told.encode(errors="backslashreplace").decode().split())
