"""Handles: the numbers that callers hold, what is behind each, and calls that cannot raise."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

from ..core.progress import silently
from .session import Session
from .settings import SETTINGS, Value
from .status import TOLD, Refused, Status, answer
from .stream import Stream

NO_HANDLE = 0


class Instance:
    """What is behind a handle."""

    def __init__(self, bundle: str) -> None:
        self.bundle, self.settings = bundle, dict[str, Value]()
        self.lock, self.error = threading.Lock(), ""
        self.session: Session | None = None
        self.stream: Stream | None = None

    def loaded(self) -> tuple[Session, Stream]:
        """The opened model. Raises Refused where there is none yet."""
        if self.session is None or self.stream is None:
            raise Refused(Status.BAD_STATE, "the model is not loaded; call load first")
        return self.session, self.stream

    def refuse_loaded(self) -> None:
        """Raise Refused where the model is open."""
        if self.session:
            raise Refused(Status.BAD_STATE, "the model is loaded; create another handle for other settings")

    def facts(self) -> dict[str, Value]:
        """What can be read by key: the settings and, of a loaded model, what became of them."""
        facts = {key: setting.default for key, setting in SETTINGS.items()} | self.settings | {"bundle": self.bundle}
        if self.session and self.stream:
            manifest = self.session.manifest
            facts |= {name: getattr(self.session, name) for name in ("engine", "precision", "device")}
            facts |= {"name": manifest.name, "task": manifest.task, "scale": manifest.scale}
            facts["notes"] = "\n".join(self.session.notes)
            facts |= {"waiting": self.stream.waiting, "dropped": self.stream.dropped}
        return facts


_HANDLES: dict[int, Instance] = {}
_numbers = itertools.count(NO_HANDLE + 1)
NOBODY = Instance("")
"""Remembers the errors of calls without a live handle."""


def admit(instance: Instance) -> int:
    """A handle for it, a number that was never given before."""
    number = next(_numbers)
    _HANDLES[number] = instance
    return number


def dismiss(handle: int) -> None:
    """Make the handle a dead one."""
    del _HANDLES[handle]


def find(handle: int) -> Instance | None:
    """What is behind a handle; None of what is no live one."""
    return _HANDLES.get(handle) if type(handle) is int else None


def call(handle: int, work: Callable[[Instance], Status | None]) -> Status:
    """Do the work of a call with a handle, unless that is dead or in a call already; nothing is raised."""
    instance = find(handle)
    if instance is None:
        return _refused(NOBODY, Status.BAD_HANDLE)
    if not instance.lock.acquire(blocking=False):
        return _refused(instance, Status.BUSY)
    try:
        # Another thread may have destroyed it meanwhile.
        return guarded(instance, work) if find(handle) is instance else _refused(NOBODY, Status.BAD_HANDLE)
    finally:
        instance.lock.release()


def _refused(instance: Instance, status: Status) -> Status:
    instance.error = TOLD[status]
    return status


def guarded(instance: Instance, work: Callable[[Instance], Status | None]) -> Status:
    """Do the work and give its status, OK where it names none; a failure is remembered and becomes one too."""
    try:
        with silently():
            return work(instance) or Status.OK
    except Exception as error:
        status, instance.error = answer(error)
        return status
