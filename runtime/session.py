"""The runtime for Python: a bundle opened on the best engine of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from ..core.bundle import Bundle, Manifest
from ..core.errors import BadInput, MachineCannot
from .choose import AUTO, Choice, choices
from .engine import all_threads
from .frame import BGR, LAYOUTS, Frame
from .network import Network
from .resolve import open_bundle
from .upscale import upscale_frame, upscale_picture


class Session:
    """An upscaler ready to run; a context manager. One thread at a time; many sessions in parallel."""

    def __init__(self, manifest: Manifest, choice: Choice, network: Network, notes: tuple[str, ...]) -> None:
        self.manifest = manifest
        self.engine, self.precision = choice.name, choice.precision
        self.notes = notes
        """Why better engines are not used, a line each."""
        self.network = network
        """The network alone: (channels, H, W) float32 in [0, 1] -> the same, enlarged."""

    @classmethod
    def open(
        cls,
        model: str | Path | Bundle,
        engine: str = AUTO,
        precision: str = AUTO,
        threads: int | None = None,
        tile: int | None = None,
    ) -> Session:
        """Open a bundle, or a shipped model by its name, or, where torch is installed, a checkpoint.

        `auto` takes the fastest engine and precision that work here (`choose.choices` has the rule)
        and goes on to the next where one fails to open. `threads` defaults to all cores; `tile` is
        the side of a tile in input pixels, by default only very large pictures are tiled.
        Raises BadInput for a model or option that cannot be used, MachineCannot where no engine can.
        """
        if min(threads or 1, tile or 1) < 1:
            raise BadInput("threads and tile must be at least 1")
        bundle = model if isinstance(model, Bundle) else open_bundle(str(model))
        found, notes = choices(bundle.manifest, engine, precision)
        for choice in found:
            try:
                network = choice.load(bundle, threads or all_threads(), tile)
                return cls(bundle.manifest, choice, network, tuple(notes))
            except MachineCannot as error:
                notes.append(f"{choice.name} {choice.precision}: {error}")
        raise MachineCannot("; ".join(notes))

    @property
    def formats(self) -> tuple[str, ...]:
        """The frame formats that `process` takes without loss: planar ones where the network works on luma."""
        return (*LAYOUTS, BGR) if self.manifest.channels == 1 else (BGR,)

    def process(self, frame: Frame) -> Iterator[Frame]:
        """The frames that `frame` gives rise to: for an upscaler one, enlarged."""
        yield upscale_frame(self.network, frame, self.manifest.channels, self.manifest.scale)

    def upscale(self, bgr: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) BGR of any size -> uint8 (scale*H, scale*W, 3) BGR."""
        if bgr.dtype != np.uint8 or bgr.ndim != 3 or bgr.shape[2] != 3 or not bgr.size:
            raise BadInput(f"a picture is uint8 (H, W, 3) BGR, not {bgr.dtype} {bgr.shape}")
        return upscale_picture(self.network, bgr, self.manifest.channels)

    def close(self) -> None:
        """Let go of the engine; a closed session cannot run."""
        self.network.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
