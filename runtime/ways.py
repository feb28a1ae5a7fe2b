"""The ways to run a bundle, one after the other: the next where one fails, on opening or in the middle of a video."""

from __future__ import annotations

from ..core.bundle import Bundle
from ..core.catalog import ENGINES
from ..core.errors import BadInput, MachineCannot
from .choose import AUTO, Choice, choices
from .interpolate import Interpolator
from .network import Network


class Ways:
    """What is left of the ways to run a bundle here, the best first; arguments as for `Session.open`."""

    choice: Choice
    """The one that runs."""

    def __init__(
        self,
        bundle: Bundle,
        engine: str,
        precision: str,
        threads: int,
        tile: int | None,
        stream: int | None,
        device: str,
    ) -> None:
        if stream and engine != AUTO and not ENGINES.get(engine).takes_stream:
            raise BadInput(f"{engine} works on no CUDA stream; leave the stream out, or take tensorrt")
        self._bundle, self._settings, self._stream = bundle, (threads, tile, stream), stream
        self._left, self.notes = choices(bundle.manifest, engine, precision, device)
        """Why better ways are not used, and which have failed, a line each."""

    def open(self) -> Network | Interpolator:
        """The first that loads. Raises MachineCannot, with every reason, where none does."""
        kind = MachineCannot
        while self._left:
            choice = self._left.pop(0)
            try:
                network = choice.load(self._bundle, *self._settings)
            except MachineCannot as error:
                kind = type(error)
                self.notes.append(f"{choice}: {error}")
                continue
            self.notes += [f"{choice}: {note}" for note in network.notes]
            if self._stream and not choice.engine.takes_stream:
                self.notes.append(f"{choice}: works on no CUDA stream, and leaves the one that was given alone")
            self.choice = choice
            return network
        raise kind("; ".join(self.notes))

    def go_on(self, error: MachineCannot) -> Network | Interpolator:
        """After a failure in the middle, the next that loads; it takes and gives the same as the one before.

        It is of another engine: what failed is not trusted again. Raises the error, with what else was tried, where
        none is left.
        """
        failed, facts = self.choice, self._bundle.manifest
        alike = [way for way in self._left if way.face(facts) == failed.face(facts)]
        self._left = [way for way in alike if way.name != failed.name]
        told = f"{failed}: {error}"
        try:
            network = self.open()
        except MachineCannot:
            raise type(error)("; ".join([*self.notes, told])) from error
        self.notes.append(f"{told}; {self.choice} goes on")
        return network
