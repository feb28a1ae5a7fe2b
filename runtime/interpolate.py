"""A loaded interpolation graph as a function of two frames of any size."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import cycle

import cv2
import numpy as np

from ..core.colour import from_network
from ..core.errors import BadInput, MachineCannot
from ..core.manifest import Face, Manifest
from ..core.memory import Pool, copied
from .engine import FallBack, Program, no_fallback
from .frame import BGR, LAYOUTS, Frame
from .tiles import repeat_edges, round_up
from .view import View, as_frame
from .warp import Motion, compose

MOTION: Face = "motion"
"""The face that is fastest on CPUs, and what it gives."""
_FLOWS = 4
_WHOLE_PIXELS = 1 << 22
"""Motion in a larger frame is found at half its size, or a quarter: memory stays bounded."""
_LONGEST = (1 << 15) - 2
"""OpenCV warps no longer side."""


class Interpolator:
    """Two frames and a time in (0, 1) -> the picture between them.

    With a `motion` graph the network finds the motion, and it is enlarged and the frames are warped here: planar
    frames stay planar. Any other face gives the picture itself, from BGR to BGR. Frames are padded to the network's
    `align` by repeating the edge, and what it makes is cropped. `takes_bytes` says that the program reads them as they
    are stored.
    """

    def __init__(self, program: Program, manifest: Manifest, face: str, takes_bytes: bool = False) -> None:
        self._program, self._facts, self._moves = program, manifest, face == MOTION
        self._takes_bytes = takes_bytes
        self._coarser = 1
        self.memory = Pool()
        """Where arrays of the sizes that it works on come from."""
        self.fall_back: FallBack = no_fallback
        """Asked for another of its kind where the engine fails."""

    @property
    def notes(self) -> Sequence[str]:
        """As `Program.notes`."""
        return self._program.notes

    @property
    def formats(self) -> tuple[str, ...]:
        """The frame formats that it takes."""
        return (*LAYOUTS, BGR) if self._moves else (BGR,)

    def view(self, frame: Frame) -> View:
        """A frame made ready, for as many pairs as it is part of. Raises BadInput for a format or size not taken."""
        if frame.format not in self.formats:
            raise BadInput(f"this network takes {', '.join(self.formats)} frames, not {frame.format}")
        if max(frame.size) > _LONGEST:
            raise BadInput(f"sides of up to {_LONGEST} pixels can be interpolated, not {max(frame.size)}")
        return View(frame, self._tensor, self.memory.empty)

    def between(self, before: View, after: View, t: float) -> tuple[np.ndarray, ...]:
        """The planes of the picture at `t` in (0, 1), in the frames' own format."""
        if self._moves:
            return self.compose(before, after, self.motion(before, after, t))
        height, width = before.frame.size
        picture = self._run(before, after, t)[self._facts.output]
        return (from_network(picture[0, :, :height, :width], self.memory.empty),)

    def compose(self, before: View, after: View, motion: Motion) -> tuple[np.ndarray, ...]:
        """The planes of the picture that `motion` makes of two frames."""
        return compose(before, after, motion, self._facts.sampling, self.memory.empty)

    def motion(self, before: View, after: View, t: float) -> Motion:
        """The motion that `between` goes by. Raises BadInput without a `motion` graph."""
        self.require_motion()
        found, padded = self._run(before, after, t)[MOTION][0], before.tensor.shape[2:]
        size, (height, width) = before.frame.size, self._seen_size(*before.frame.size)
        seen = self._resized(found, padded)[:, :height, :width]
        whole = self._resized(seen, size)
        if (height, width) != size:
            whole[:_FLOWS] *= np.array([size[1] / width, size[0] / height] * 2, np.float32)[:, None, None]
        return Motion(whole[:2], whole[2:_FLOWS], self._share(whole[_FLOWS]))

    def require_motion(self) -> None:
        """Raise BadInput where the graph that is run gives the picture alone."""
        if not self._moves:
            raise BadInput(f"{self._facts.name} holds no {MOTION} graph that runs here, so its motion cannot be had")

    def _seen_size(self, height: int, width: int) -> tuple[int, int]:
        """Size at which motion is found."""
        factor = 1
        while self._moves and height * width > _WHOLE_PIXELS * factor**2:
            factor *= 2
        return -(-height // factor), -(-width // factor)

    def _tensor(self, bgr: np.ndarray) -> np.ndarray:
        """uint8 BGR -> (1, 3, H', W') RGB, shrunk where it is very large, and padded."""
        height, width = self._seen_size(*bgr.shape[:2])
        empty, align = self.memory.empty, self._facts.align
        if bgr.shape[:2] != (height, width):
            smaller = empty((height, width, 3), np.uint8)
            bgr = cv2.resize(bgr, (width, height), dst=smaller, interpolation=cv2.INTER_AREA)
        tensor = empty((1, 3, round_up(height, align), round_up(width, align)), np.uint8)
        channels = cv2.split(bgr, [empty((height, width), np.uint8) for _ in range(3)])
        for plane, channel in zip(tensor[0], channels[::-1], strict=True):
            plane[:height, :width] = channel
        return self._readable(repeat_edges(tensor, height, width))

    def _readable(self, tensor: np.ndarray) -> np.ndarray:
        """As the program takes it: in bytes, or in [0, 1]."""
        if self._takes_bytes or tensor.dtype != np.uint8:
            return tensor
        values = copied(tensor, np.float32, self.memory.empty)
        return np.multiply(values, np.float32(1 / 255), out=values)

    def _run(self, before: View, after: View, t: float) -> dict[str, np.ndarray]:
        """The graph's outputs of a pair."""
        height, width = before.tensor.shape[2:]
        while True:
            frames = (self._readable(view.tensor) for view in (before, after))
            feeds = dict(zip(self._facts.inputs, (*frames, np.array([t], np.float32)), strict=True))
            out = {name: self.memory.empty(shape, np.float32) for name, shape in self._shapes(height, width).items()}
            try:
                return dict(self._program.run(feeds, out))
            except MachineCannot as error:
                self._become(self.fall_back(error))

    def _become(self, other: Interpolator) -> None:
        self._program.close()
        self._program, self._coarser, self._takes_bytes = other._program, other._coarser, other._takes_bytes

    def _shapes(self, height: int, width: int) -> dict[str, tuple[int, ...]]:
        """Output name -> shape, for frames of height x width."""
        if not self._moves:
            return {self._facts.output: (1, 3, height, width)}
        return {MOTION: (1, _FLOWS + 1, height // self._coarser, width // self._coarser)}

    def _resized(self, maps: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
        """(C, h, w) at another size, bilinearly."""
        if maps.shape[1:] == size:
            return maps
        made = self.memory.empty((len(maps), *size), np.float32)
        for plane, place in zip(maps, made, strict=True):
            cv2.resize(plane, size[::-1], dst=place, interpolation=cv2.INTER_LINEAR)
        return made

    def _share(self, logits: np.ndarray) -> np.ndarray:
        """The sigmoid of them."""
        share = np.negative(logits, out=self.memory.empty(logits.shape, np.float32))
        return np.reciprocal(np.add(cv2.exp(share, dst=share), 1, out=share), out=share)

    def check(self) -> None:
        """Run a tiny pair: a graph that loads may still not run, or not be what the manifest says.

        Raises MachineCannot.
        """
        side = self._facts.align
        frame = np.zeros((1, 3, side, side), np.float32)
        feeds = dict(zip(self._facts.inputs, (frame, frame, np.array([0.5], np.float32)), strict=True))
        found = {name: array.shape for name, array in self._program.run(feeds).items()}
        if self._moves:
            self._coarser = max(1, side // max(1, *found.get(MOTION, ())[3:]))
        if found != self._shapes(side, side):
            raise MachineCannot(f"the graph of {self._facts.name} gives {found}, not {self._shapes(side, side)}")

    def trial(self, height: int, width: int) -> Callable[[], object]:
        """What `bench` times: a picture between two, of which one is new, as in a video."""
        noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
        smooth = cv2.GaussianBlur(noise, (0, 0), 2)
        frames = [as_frame(smooth), as_frame(np.roll(smooth, 3, axis=1))]
        turns = cycle(frames)
        views = deque((self.view(next(turns)) for _ in frames), maxlen=2)

        def step() -> None:
            views.append(self.view(next(turns)))
            self.between(views[0], views[1], 0.5)

        return step

    def close(self) -> None:
        """Close the program."""
        self._program.close()
