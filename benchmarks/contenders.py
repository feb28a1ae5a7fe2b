"""Networks that take turns on one frame, some of this process and some of others."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np
from interleaved import Turn, in_turns, percentiles, turn_of
from peer import PYTHON, Peer
from pocketlens.core.metrics import psnr


class Contenders:
    """What takes part, by name, and what each made of the frame; to be closed.

    `frame` is luma (1, 1, H, W) in [0, 1]. `truth` is the picture that those which are `pictured` should make of it.
    """

    def __init__(self, folder: Path, frame: np.ndarray, truth: np.ndarray, threads: int) -> None:
        self.turns: dict[str, Turn] = {}
        self.absent: dict[str, str] = {}
        """What cannot take part, and why."""
        self._pictures: dict[str, Callable[[], np.ndarray]] = {}
        self._folder, self._truth, self._threads = folder, truth, threads
        self._opened = ExitStack()
        self._frame = folder / "frame.npy"
        np.save(self._frame, frame)

    def peer(self, name: str, script: str, model: Path, python: Path = PYTHON, pictured: bool = False) -> None:
        """A script of `peers/` in a process of its own."""
        out = self._folder / f"made-{len(self.turns)}.npy"
        try:
            peer = Peer(script, model, self._frame, out if pictured else "", python=python, threads=self._threads)
        except (RuntimeError, OSError) as error:
            self.absent[name] = str(error)
            return
        self.turns[name] = self._opened.enter_context(closing(peer))
        if pictured:
            self._pictures[name] = lambda: np.load(out)

    def ours(self, name: str, call: Callable[[], Any], close: Callable[[], None], pictured: bool = False) -> None:
        """A network of this process."""
        self.turns[name] = turn_of(call)
        self._opened.callback(close)
        if pictured:
            self._pictures[name] = call

    def measured(self, rounds: int) -> tuple[dict[str, dict[str, float]], dict[str, np.ndarray]]:
        """Percentiles of each, with the error and PSNR of its picture where there should be one; and all times."""
        series = in_turns(self.turns, rounds)
        rows = {name: percentiles(values) for name, values in series.items()}
        for name, picture in self._pictures.items():
            made = picture().reshape(self._truth.shape)
            error = float(np.abs(made - self._truth).max())
            rows[name] |= {"error": error, "psnr": psnr(made, self._truth, peak=1.0)}
        return rows, series

    def close(self) -> None:
        """End them all."""
        self._opened.close()
