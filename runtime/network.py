"""A loaded upscaling graph as a function of pictures of any size."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..core.colour import store
from ..core.errors import MachineCannot
from ..core.manifest import Manifest
from ..core.memory import Pool, copied
from .engine import FallBack, Program, no_fallback
from .tiles import repeat_edges, round_up, scaled, spans

_WHOLE_PIXELS = 1 << 22
"""A larger picture is tiled unasked: a network holds some hundred bytes for each pixel."""
_LARGE_TILE = 1024


class Network:
    """(channels, H, W) float32 in [0, 1] -> (channels, scale*H, scale*W), for H and W from 1 up.

    uint8 in steps of 1/255 comes out as such, rounded; `takes_bytes` says that the program itself can do that.

    Sides are padded to the network's `align` by repeating the edge, and the result cropped. `tile` is
    the side of a tile in input pixels; None takes the whole picture at once unless it is very large.
    """

    def __init__(
        self, program: Program, manifest: Manifest, tile: int | None = None, takes_bytes: bool = False
    ) -> None:
        self._program, self._facts, self._tile, self._takes_bytes = program, manifest, tile, takes_bytes
        self.memory = Pool()
        """Where arrays of the sizes that it works on come from."""
        self.fall_back: FallBack = no_fallback
        """Asked for another of its kind where the engine fails."""

    @property
    def notes(self) -> Sequence[str]:
        """As `Program.notes`."""
        return self._program.notes

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """Upscale; the array given back is the caller's to keep. Raises MachineCannot where the engine fails."""
        while True:
            try:
                return self._upscaled(picture)
            except MachineCannot as error:
                self._become(self.fall_back(error))

    def _become(self, other: Network) -> None:
        self._program.close()
        self._program, self._takes_bytes = other._program, other._takes_bytes

    def _upscaled(self, picture: np.ndarray) -> np.ndarray:
        scale, align = self._facts.scale, self._facts.align
        channels, height, width = picture.shape
        below, right = round_up(height, align), round_up(width, align)
        if (below, right) != (height, width):
            padded = self.memory.empty((channels, below, right), picture.dtype)
            padded[:, :height, :width] = picture
            picture = repeat_edges(padded, height, width)
        tile = self._tile or (_LARGE_TILE if height * width > _WHOLE_PIXELS else max(height, width))
        upscaled = self._whole(picture) if tile >= max(height, width) else self._tiled(picture, tile)
        return upscaled[:, : height * scale, : width * scale]

    def _by_floats(self, picture: np.ndarray) -> np.ndarray:
        """uint8 through a program that knows floats alone."""
        values = copied(picture, np.float32, self.memory.empty)
        values *= np.float32(1 / 255)
        made = self._whole(values)
        levels = self.memory.empty(made.shape, np.uint8)
        for plane, into in zip(made, levels, strict=True):
            store(plane, 255, into)
        return levels

    def _whole(self, picture: np.ndarray) -> np.ndarray:
        if picture.dtype == np.uint8 and not self._takes_bytes:
            return self._by_floats(picture)
        if not picture.flags.c_contiguous:
            picture = copied(picture, picture.dtype, self.memory.empty)
        out = {self._facts.output: self.memory.empty((1, *self._enlarged(picture)), picture.dtype)}
        return self._program.run({self._facts.inputs[0]: picture[None]}, out)[self._facts.output][0]

    def _tiled(self, picture: np.ndarray, tile: int) -> np.ndarray:
        scale, halo, align = self._facts.scale, self._facts.reach, self._facts.align
        canvas = self.memory.empty(self._enlarged(picture), picture.dtype)
        for rows in spans(picture.shape[1], tile, halo, align):
            for columns in spans(picture.shape[2], tile, halo, align):
                part = self._whole(picture[:, rows.read, columns.read])
                kept = part[:, scaled(rows.keep, scale), scaled(columns.keep, scale)]
                canvas[:, scaled(rows.place, scale), scaled(columns.place, scale)] = kept
        return canvas

    def _enlarged(self, picture: np.ndarray) -> tuple[int, int, int]:
        channels, height, width = picture.shape
        return channels, height * self._facts.scale, width * self._facts.scale

    def check(self) -> None:
        """Run a tiny picture: a graph that loads may still not run, or not be what the manifest says.

        Raises MachineCannot.
        """
        side = round_up(8, self._facts.align)
        feeds = {self._facts.inputs[0]: np.zeros((1, self._facts.channels, side, side), np.float32)}
        result = self._program.run(feeds)
        expected = (1, *self._enlarged(feeds[self._facts.inputs[0]][0]))
        found = {name: array.shape for name, array in result.items()}
        if found.get(self._facts.output) != expected:
            raise MachineCannot(f"the graph of {self._facts.name} gives {found}, not {self._facts.output} {expected}")

    def trial(self, height: int, width: int) -> Callable[[], object]:
        """What `bench` times: one picture, float in and out."""
        picture = np.random.default_rng(0).random((self._facts.channels, height, width), np.float32)
        return lambda: self(picture)

    def close(self) -> None:
        """Close the program."""
        self._program.close()
