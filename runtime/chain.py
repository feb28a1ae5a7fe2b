"""Models run one after the other, in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from functools import reduce
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import BadInput
from .choose import AUTO
from .frame import Frame
from .inbetween import Watch
from .resolve import open_bundle
from .session import Session

if TYPE_CHECKING:
    from .decode import Facts


class Chain:
    """Sessions, each fed by the one before; a context manager. One session is a chain too."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self._sessions = sessions

    @classmethod
    def open(
        cls,
        models: Sequence[str | Path],
        engine: str = AUTO,
        precision: str = AUTO,
        threads: int | None = None,
        tile: int | None = None,
        factor: int | None = None,
        fps: str | float | Fraction | None = None,
        cut: str | None = None,
        device: str = AUTO,
        stream: int | None = None,
    ) -> Chain:
        """Open every model as `Session.open` does; each option goes to the models that it is for.

        Raises BadInput, too, for more than one model that interpolates, and for an option that is for none of them.
        """
        bundles = [open_bundle(str(model)) for model in models]
        interpolating = [bundle.manifest.task == "interpolate" for bundle in bundles]
        if sum(interpolating) > 1:
            raise BadInput("only one model of a chain can interpolate; a higher factor does what two would")
        # An option that is for none is left to the first session, which knows why not.
        none_upscales, none_interpolates = all(interpolating), not any(interpolating)
        with ExitStack() as opened:
            sessions = []
            for bundle, interpolates in zip(bundles, interpolating, strict=True):
                own_tile = tile if none_upscales or not interpolates else None
                timed = (factor, fps, cut) if none_interpolates or interpolates else (None, None, None)
                session = Session.open(bundle, engine, precision, threads, own_tile, *timed, device, stream)
                sessions.append(opened.enter_context(session))
            opened.pop_all()
        return cls(sessions)

    @property
    def name(self) -> str:
        """The names of its models."""
        return " and ".join(session.manifest.name for session in self._sessions)

    @property
    def notes(self) -> list[str]:
        """Why better engines are not used, and which have failed, a line each."""
        return list(dict.fromkeys(note for session in self._sessions for note in session.notes))

    @property
    def interpolates(self) -> bool:
        """Whether one of them makes frames between frames."""
        return any(session.interpolates for session in self._sessions)

    @property
    def formats(self) -> tuple[str, ...]:
        """The frame formats that `process` takes without loss; every session gives back the kind it was given."""
        first, *others = self._sessions
        return tuple(name for name in first.formats if all(name in session.formats for session in others))

    def outcome(self, facts: Facts) -> Facts:
        """The facts of the video that `process` makes of one with these `facts`."""
        return reduce(lambda found, session: session.outcome(found), self._sessions, facts)

    def process(self, frame: Frame) -> Iterator[Frame]:
        """As `Session.process`."""
        yield from _through(self._sessions, [frame])

    def flush(self) -> Iterator[Frame]:
        """As `Session.flush`."""
        for index, session in enumerate(self._sessions):
            yield from _through(self._sessions[index + 1 :], session.flush())

    def reset(self) -> None:
        """As `Session.reset`."""
        for session in self._sessions:
            session.reset()

    @property
    def clip_notes(self) -> list[str]:
        """As `Session.clip_notes`."""
        return [note for session in self._sessions for note in session.clip_notes]

    def watch(self, told: Watch) -> None:
        """As `Session.watch`, of the one that interpolates."""
        watched = next((session for session in self._sessions if session.interpolates), self._sessions[0])
        watched.watch(told)

    def upscale(self, bgr: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) BGR -> enlarged by one after the other. Raises BadInput where one interpolates."""
        for session in self._sessions:
            bgr = session.upscale(bgr)
        return bgr

    def close(self) -> None:
        """Close every session."""
        for session in self._sessions:
            session.close()

    def __enter__(self) -> Chain:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _through(sessions: Sequence[Session], frames: Iterable[Frame]) -> Iterator[Frame]:
    for session in sessions:
        frames = _processed(session, frames)
    yield from frames


def _processed(session: Session, frames: Iterable[Frame]) -> Iterator[Frame]:
    for frame in frames:
        yield from session.process(frame)
