"""A camera -> frames stamped as they come; one that is lost is looked for again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Generator, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, repeat
from pathlib import Path
from typing import Literal

import av
from av.container import InputContainer
from av.error import FFmpegError

from ..core.errors import BadInput, MachineCannot, PocketlensError
from .decode import Facts, Reader
from .frame import Frame

TICK = Fraction(1, 90_000)
"""The time base of captured frames, in seconds."""
_APART = 180
"""Ticks that frames are apart at least, though they came in one lump: files know time to the millisecond, and some
want a frame in between."""
PATIENCE = 10.0
"""Seconds for which a lost camera is looked for."""
_SILENCE = 5.0
"""Seconds without a sign of life after which a camera is lost."""
_LOOK = 0.05
"""Seconds between two looks at whether to stop: a signal cannot wake the thread that captures."""
_STREAM = {"analyzeduration": "500000", "fpsprobesize": "0", "rtsp_transport": "tcp"}
"""To begin at once, rather than to measure a frame rate first."""
_DEVICE = re.compile(r"camera:(\d+)")
_URL = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=://)[^/?#]*@")


State = Literal["live", "lost", "ended", "stopped"]


@dataclass(frozen=True)
class Status:
    """How it stands with a camera."""

    state: State
    """`lost` is being looked for; `ended` was not found again; `stopped` by us."""
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Captured:
    """A frame, and its place among all that came."""

    frame: Frame
    index: int
    """Frames that came before it."""
    connection: int
    """Times that the camera was found again before it."""


def is_camera(source: str) -> bool:
    """Whether `source` names a camera, `camera:0` or a URL, rather than a file."""
    return source.startswith("camera:") or _URL.match(source) is not None


def shown(source: str) -> str:
    """The name of a camera as it may be told and logged: without the user and password that a URL may hold."""
    return _LOGIN.sub("", source)


def delays() -> Iterator[float]:
    """Seconds to wait before each try to find a lost camera: twice as long each time, 8 at most."""
    return chain((0.5, 1.0, 2.0, 4.0), repeat(8.0))


class Capture:
    """An open camera, `camera:0` or a URL; a context manager.

    Its frames have the time at which they came, for after a loss a camera counts from nought again and
    many never say. One that comes back with another size is scaled to the first. `formats` are as for
    `Reader`; `told` hears of every change of `status`, in the thread that captures.
    Raises BadInput for a camera that cannot be reached or read, MachineCannot for a device that is not here.
    """

    def __init__(
        self,
        source: str,
        formats: Collection[str],
        patience: float = PATIENCE,
        told: Callable[[Status], None] = lambda status: None,
    ) -> None:
        self._source, self._formats, self._patience, self._told = source, formats, patience, told
        self._stopping = False
        self.captured = self._found_again = 0
        self._start, self._stamp = 0.0, -_APART
        self._reader = self._open()
        self.facts: Facts = replace(self._reader.facts, time_base=TICK, frames=None)
        """Of every frame."""
        self.status = Status("live")

    def _open(self) -> Reader:
        container = _connect(self._source)
        reader = Reader(shown(self._source), self._formats, live=container)
        if container.duration is not None:
            container.close()
            raise BadInput(f"{shown(self._source)} is a file, not a camera; download it and give its name")
        return reader

    def __iter__(self) -> Generator[Captured]:
        """The frames, one at least, until `stop`, or until the camera is lost and not found again."""
        try:
            while True:
                for item in self._reader:
                    if isinstance(item, Frame) and item.planes:
                        yield self._stamped(item)
                    if self._stopping:
                        return
                self._reader.container.close()
                if not self._found():
                    return
        finally:
            self._reader.container.close()
            if self.status.state != "ended":
                self._tell("stopped")

    def _stamped(self, frame: Frame) -> Captured:
        now = time.monotonic()
        self._start = self._start or now
        self._stamp = max(self._stamp + _APART, round((now - self._start) / TICK))
        self.captured += 1
        stamped = replace(frame, pts=self._stamp, duration=0, time_base=TICK)
        return Captured(stamped, self.captured - 1, self._found_again)

    def _found(self) -> bool:
        """Whether the camera is there again; waits and tries for as long as there is patience."""
        reason, until = f"{shown(self._source)} sends no more frames", time.monotonic() + self._patience
        for delay in delays():
            left = until - time.monotonic()
            if left <= 0:
                break
            self._tell("lost", reason)
            if self._stopped_within(min(delay, left)):
                return False
            try:
                self._reader = self._open()
            except PocketlensError as error:
                reason = str(error)
                continue
            self._reader.facts = replace(self.facts, time_base=self._reader.facts.time_base)
            self._found_again += 1
            self._tell("live")
            return True
        self._tell("ended", f"{reason}; gave up after {self._patience:g} s")
        return False

    def _stopped_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < until:
            time.sleep(_LOOK)
        return self._stopping

    def _tell(self, state: State, reason: str = "") -> None:
        self.status = Status(state, reason)
        self._told(self.status)

    def stop(self) -> None:
        """Let the frames end soon: at once while they come, within seconds from a camera that fell silent.

        From any thread, and from a signal's handler.
        """
        self._stopping = True

    def close(self) -> None:
        """Let go of the camera, whose frames nobody goes through now."""
        self.stop()
        self._reader.container.close()

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _connect(source: str) -> InputContainer:
    """Open the stream or the device that `source` names."""
    if not source.startswith("camera:"):
        return _opened(source, None)
    number = _DEVICE.fullmatch(source)
    if not number:
        raise BadInput(f"no such camera: {source}; name the first one camera:0, or give a URL")
    device = Path(f"/dev/video{number[1]}")
    if "video4linux2,v4l2" not in av.formats_available or not device.exists():
        raise MachineCannot(f"this machine has no {source}, which is Linux's {device}; plug one in, or give a URL")
    return _opened(str(device), "v4l2")


def _opened(place: str, kind: str | None) -> InputContainer:
    try:
        return av.open(place, format=kind, options=_STREAM if kind is None else {}, timeout=_SILENCE)
    except (FFmpegError, OSError) as error:
        raise BadInput(f"cannot open the camera {shown(place)}: {error.strerror}") from error
