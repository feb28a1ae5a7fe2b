"""The runtime as flat functions, for callers that are not Python or want no exceptions: nothing raises or prints.

Every call answers a `Status`; `last_error` has a line about the last one that failed. One thread at a time may be
in a call with a handle; handles do not share anything. A clip goes

    create -> set_* -> load -> push, pull, push, pull ... -> flush -> pull until END -> destroy

and one push may give rise to no frame, one, or many. The memory of frames is the caller's before, during and after
every call: `push` has read it when it comes back, and `pull` writes only into what it is given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeVar

from .. import __version__
from ..core.errors import BadInput, told
from .arrays import describe
from .convert import Planes, direct, give, taken
from .descriptor import Descriptor, Matrix, PixelFormat, Range, mapped
from .handles import NO_HANDLE, NOBODY, Instance, admit, call, dismiss, find, guarded
from .resolve import open_bundle
from .session import Session
from .settings import KEEP_NEWEST, SETTINGS, Value, accept, check, kind_of
from .status import TOLD, Refused, Status, refusing
from .stream import Stream

__all__ = [
    "Descriptor",
    "Matrix",
    "PixelFormat",
    "Range",
    "Status",
    "create",
    "describe",
    "destroy",
    "flush",
    "get_f32",
    "get_i32",
    "get_str",
    "last_error",
    "load",
    "pull",
    "push",
    "reset",
    "set_f32",
    "set_i32",
    "set_str",
    "status_string",
    "version",
]

T = TypeVar("T")


def create(bundle: str, options: Mapping[str, Value] | None = None) -> tuple[Status, int]:
    """A handle for a bundle, a file or the name of a shipped model, which `load` will open; 0 where it fails.

    `options` are settings, as if each were set by the call for its kind. Destroy the handle when it is done with.
    """
    created = NO_HANDLE

    def work(_: Instance) -> None:
        nonlocal created
        if not isinstance(bundle, str):
            raise Refused(Status.BAD_VALUE, "the bundle is named by a string")
        instance = Instance(bundle)
        if options is not None and not isinstance(options, Mapping):
            raise Refused(Status.BAD_VALUE, "options are a mapping of keys to values")
        for key, value in (options or {}).items():
            instance.settings[key] = accept(key, value, kind_of(value))
        created = admit(instance)

    return guarded(NOBODY, work), created


def set_i32(handle: int, key: str, value: int) -> Status:
    """Set a whole number; before `load`, which judges the value."""
    return _set(handle, key, value, int)


def set_f32(handle: int, key: str, value: float) -> Status:
    """Set a number; before `load`, which judges the value."""
    return _set(handle, key, value, float)


def set_str(handle: int, key: str, value: str) -> Status:
    """Set a string; before `load`, which judges the value."""
    return _set(handle, key, value, str)


def get_i32(handle: int, key: str) -> tuple[Status, int]:
    """A setting that is a whole number; of a loaded model also `scale`, and of its frames `waiting` and `dropped`."""
    return _get(handle, key, int, 0)


def get_f32(handle: int, key: str) -> tuple[Status, float]:
    """A setting that is a number."""
    return _get(handle, key, float, 0.0)


def get_str(handle: int, key: str) -> tuple[Status, str]:
    """A setting that is a string; of a loaded model what runs by now, `name`, `task`, and `notes` in lines."""
    return _get(handle, key, str, "")


def load(handle: int) -> Status:
    """Open the bundle on an engine. Every setting is judged first; `last_error` names the key that is wrong."""

    def work(instance: Instance) -> None:
        instance.refuse_loaded()
        given = instance.settings
        check(given)
        with refusing(Status.BAD_BUNDLE):
            bundle = open_bundle(instance.bundle)
        names = ("engine", "precision", "device", "threads", "tile", "factor", "fps", "cut")
        chosen: dict[str, Any] = {name: given[name] for name in names if given.get(name)}
        session = Session.open(bundle, **chosen)
        depth = given.get("queue", SETTINGS["queue"].default)
        budget = float(given.get("budget", 0)) / 1000 or math.inf
        instance.session = session
        instance.stream = Stream(session, int(depth), given.get("keep") == KEEP_NEWEST, budget)

    return call(handle, work)


def push(handle: int, frame: Descriptor) -> Status:
    """Give the next frame, which is copied. AGAIN where the queue is full, or the clip is flushed and not yet pulled.

    Whether the model can take it shows when its turn comes, in `pull`.
    """

    def work(instance: Instance) -> Status:
        session, stream = instance.loaded()
        with refusing(Status.BAD_FRAME):
            if not stream.takes:
                return Status.AGAIN
            stream.push(taken(frame, session.formats, session.memory.empty))
        return Status.OK

    return call(handle, work)


def pull(handle: int, out: Descriptor) -> Status:
    """Write the next frame into the caller's memory, and its time into `out`.

    AGAIN where more must be pushed first, END where the clip is flushed and at its end. OTHER_SIZE where `out` has
    not the size of the frame: it does then, and the same frame comes with the next call. A frame that the model
    cannot take is left out, and the call says why; `out` may hold part of a frame where an engine failed in it.
    """

    def work(instance: Instance) -> Status:
        session, stream = instance.loaded()
        with refusing(Status.BAD_FRAME):
            planes = _writable(out)
            # What interpolates keeps frames for later, when that memory is the caller's again.
            lent = direct(planes, out.format) if planes and not session.interpolates else None
            with session.memory.offering(lent):
                frame = stream.peek()
            if frame is None:
                return Status.END if stream.ended else Status.AGAIN
            if not isinstance(out, Descriptor) or (out.height, out.width) == frame.size:
                planes = planes or mapped(out, writable=True)  # what is wrong with `out` must not cost the frame
                stream.pop()
                give(frame, out, planes, session.memory.empty)
                return Status.OK
        out.height, out.width = frame.size
        raise Refused(Status.OTHER_SIZE, f"the frame that waits is {out.width}x{out.height}")

    return call(handle, work)


def flush(handle: int) -> Status:
    """Say that the clip has no more frames: `pull` gives what is held back, then END. The next push begins another."""

    def work(instance: Instance) -> None:
        instance.loaded()[1].flush()

    return call(handle, work)


def reset(handle: int) -> Status:
    """Forget every frame; the next push begins another clip, as after `load`."""

    def work(instance: Instance) -> None:
        instance.loaded()[1].reset()

    return call(handle, work)


def destroy(handle: int) -> Status:
    """Let go of the model and the handle, whose number is never given again."""

    def work(instance: Instance) -> None:
        dismiss(handle)
        if instance.session:
            instance.session.close()

    return call(handle, work)


def status_string(status: int) -> str:
    """What a status means, in a line."""
    return TOLD[Status(status)] if type(status) in (int, Status) and status in set(Status) else "no such status"


def last_error(handle: int = NO_HANDLE) -> str:
    """A line about the last call with this handle that failed; without a live one, about `create` and dead handles."""
    return (find(handle) or NOBODY).error


def version() -> str:
    """The version of pocketlens."""
    return __version__


def _writable(out: Descriptor) -> Planes | None:
    """The planes to write into; None of a frame that cannot be written."""
    try:
        return mapped(out, writable=True)
    except BadInput:
        return None


def _set(handle: int, key: str, value: Value, kind: type) -> Status:
    def work(instance: Instance) -> None:
        instance.refuse_loaded()
        instance.settings[key] = accept(key, value, kind)

    return call(handle, work)


def _get(handle: int, key: str, kind: type[T], nothing: T) -> tuple[Status, T]:
    found = nothing

    def work(instance: Instance) -> None:
        nonlocal found
        value = instance.facts().get(key) if isinstance(key, str) else None
        if not isinstance(value, kind):
            raise Refused(Status.BAD_KEY, f"no {kind.__name__} is called {told(key)} here")
        found = value

    return call(handle, work), found
