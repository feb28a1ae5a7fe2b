"""The runtime for Python: a bundle opened on the best engine of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from ..core.bundle import Bundle
from ..core.errors import BadInput
from ..core.manifest import Manifest
from ..core.memory import Pool
from .choose import AUTO
from .engine import all_threads
from .frame import BGR, LAYOUTS, Frame
from .inbetween import Cut, Inbetween, Watch, check_cut
from .interpolate import Interpolator
from .network import Network
from .resolve import open_bundle
from .timing import Timing, storable, timing_for
from .upscale import upscale_frame, upscale_picture
from .view import View, as_frame
from .warp import Motion
from .ways import Ways

if TYPE_CHECKING:
    from .decode import Facts

_PICTURES = "it takes the frames of a video or a folder of pictures, two at a time"


class Session:
    """A model ready to run; a context manager. One thread at a time; many sessions in parallel."""

    def __init__(self, manifest: Manifest, ways: Ways, timing: Timing, cut: Cut) -> None:
        self.manifest = manifest
        self._ways, self._timing = ways, timing
        self._network = network = ways.open()
        network.fall_back = ways.go_on
        self._clip = Inbetween(network, timing, cut) if isinstance(network, Interpolator) else None

    @classmethod
    def open(
        cls,
        model: str | Path | Bundle,
        engine: str = AUTO,
        precision: str = AUTO,
        threads: int | None = None,
        tile: int | None = None,
        factor: int | None = None,
        fps: str | float | Fraction | None = None,
        cut: str | None = None,
        device: str = AUTO,
        stream: int | None = None,
    ) -> Session:
        """Open a bundle, or a shipped model by its name, or, where torch is installed, a checkpoint.

        `auto` takes the fastest engine and precision that work here (`choose.choices` has the rule)
        and goes on to the next where one fails, on opening or later, with the same frame: `notes` tells.
        What is named is kept to. `threads` defaults to all cores; `tile` is the side of a tile in input
        pixels, by default only very large pictures are tiled. `device`, "cpu" or "gpu", leaves engines for
        the other out; `stream` is a CUDA stream of the caller's, as a number, for TensorRT to work on.
        An interpolator's `process` multiplies the frame rate by `factor`, 2 by default, or makes it
        `fps`; between scenes it shows the frame before the `cut` ("hold") or a cross-fade ("blend").
        Raises BadInput for a model or option that cannot be used, MachineCannot where no engine can.
        """
        if min(threads or 1, tile or 1) < 1:
            raise BadInput("threads and tile must be at least 1")
        bundle = model if isinstance(model, Bundle) else open_bundle(str(model))
        if bundle.manifest.task == "interpolate":
            if tile:
                raise BadInput(f"{bundle.manifest.name} interpolates: things move from tile to tile, so it takes none")
        elif (factor, fps, cut) != (None, None, None):
            raise BadInput(f"{bundle.manifest.name} upscales: factor, fps and cut are for models that interpolate")
        timing, policy = timing_for(factor, fps), check_cut(cut)
        ways = Ways(bundle, engine, precision, threads or all_threads(), tile, stream, device)
        return cls(bundle.manifest, ways, timing, policy)

    @property
    def engine(self) -> str:
        """The name of the engine that runs it, by now."""
        return self._ways.choice.name

    @property
    def precision(self) -> str:
        """The precision that it runs in, by now."""
        return self._ways.choice.precision

    @property
    def device(self) -> str:
        """What it runs on, by now: `cpu` or `gpu`."""
        return self._ways.choice.engine.device

    @property
    def notes(self) -> tuple[str, ...]:
        """Why better engines are not used, and which have failed, a line each."""
        return tuple(self._ways.notes)

    @property
    def interpolates(self) -> bool:
        """Whether it makes frames between frames, rather than larger ones."""
        return self._clip is not None

    @property
    def network(self) -> Network:
        """The upscaling network alone: (channels, H, W) float32 in [0, 1] -> the same, enlarged."""
        if isinstance(self._network, Interpolator):
            raise BadInput(f"{self.manifest.name} interpolates; {_PICTURES}")
        return self._network

    @property
    def memory(self) -> Pool:
        """Where the arrays of its frames come from. They may be kept; let go of, they serve for later frames."""
        return self._network.memory

    @property
    def _interpolator(self) -> Interpolator:
        if isinstance(self._network, Interpolator):
            return self._network
        raise BadInput(f"{self.manifest.name} upscales; it puts no picture between two")

    @property
    def formats(self) -> tuple[str, ...]:
        """The frame formats that `process` takes without loss, the best first."""
        if isinstance(self._network, Interpolator):
            return self._network.formats
        return (*LAYOUTS, BGR) if self.manifest.channels == 1 else (BGR,)

    def outcome(self, facts: Facts) -> Facts:
        """The facts of the video that `process` makes of one with these `facts`."""
        height, width = (side * self.manifest.scale for side in (facts.height, facts.width))
        facts = replace(facts, height=height, width=width)
        if not self.interpolates:
            return facts
        base = storable(self._timing.tick(facts.time_base))
        return replace(facts, rate=self._timing.rate(facts.rate), time_base=base)

    def process(self, frame: Frame) -> Iterator[Frame]:
        """The frames that `frame` gives rise to, to be kept if wanted; go through them before the next frame.

        For an upscaler one, enlarged. An interpolator knows what lies between two frames when the second has
        come, and holds back a few that repeat one: `flush` gives the rest. A lost frame, one without
        planes, is passed on by an upscaler and bridged by an interpolator.
        Raises BadInput for a format it does not take and, in a clip, another size or a time that is not later.
        """
        if self._clip:
            yield from self._clip.push(frame)
        elif frame.planes:
            yield upscale_frame(self.network, frame, self.manifest.channels, self.manifest.scale)
        else:
            yield frame

    def flush(self) -> Iterator[Frame]:
        """The frames held back at the end of a clip; the next frame begins another."""
        if self._clip:
            yield from self._clip.flush()

    def reset(self) -> None:
        """Drop what is held back, and what was counted; the next frame begins another clip."""
        if self._clip:
            self._clip.reset()

    @property
    def clip_notes(self) -> list[str]:
        """What was found in the frames since `reset`: cuts, duplicates, damage; a line each."""
        return self._clip.notes if self._clip else []

    def watch(self, told: Watch) -> None:
        """Have `told` called with each frame that is made and its motion. Raises BadInput where there is no motion."""
        self._interpolator.require_motion()
        assert self._clip
        self._clip.watch = told

    def upscale(self, bgr: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) BGR of any size -> uint8 (scale*H, scale*W, 3) BGR."""
        (picture,) = as_frame(bgr).planes
        return upscale_picture(self.network, picture, self.manifest.channels)

    def between(self, before: np.ndarray, after: np.ndarray, t: float = 0.5) -> np.ndarray:
        """The picture at `t` in (0, 1) between two uint8 (H, W, 3) BGR pictures of one size."""
        (picture,) = self._interpolator.between(*self._pair(before, after, t), t)
        return picture

    def motion(self, before: np.ndarray, after: np.ndarray, t: float = 0.5) -> Motion:
        """The motion by which `between` makes its picture. Raises BadInput for a bundle without a `motion` graph."""
        return self._interpolator.motion(*self._pair(before, after, t), t)

    def _pair(self, before: np.ndarray, after: np.ndarray, t: float) -> tuple[View, View]:
        frames = as_frame(before), as_frame(after)
        if before.shape != after.shape:
            sizes = (f"{picture.shape[1]}x{picture.shape[0]}" for picture in (before, after))
            raise BadInput(f"two pictures of one size are needed, not {' and '.join(sizes)}")
        if not 0 < t < 1:
            raise BadInput(f"t lies between 0, the earlier picture, and 1, the later one; not {t}")
        early, late = (self._interpolator.view(frame) for frame in frames)
        return early, late

    def close(self) -> None:
        """Let go of the engine; a closed session cannot run."""
        self._network.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
