"""How long TensorRT's ways to run a layer took on this GPU, kept in a file so that the next build need not try them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from .errors import BadInput
from .files import write_bytes


class TimingCache:
    """Timings in a file. One that is missing, damaged, or of another GPU or TensorRT is begun anew, never an error."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.state: Literal["new", "reused"] = "new"

    def load(self, config: Any) -> None:
        """Let a build start from what the file holds."""
        with suppress(OSError):
            kept = self._file.read_bytes()
            if kept and _take(config, kept):
                self.state = "reused"
                return
        _take(config, b"")

    def keep(self, config: Any) -> None:
        """Write what is timed by now, over what was there."""
        timed = config.get_timing_cache()
        # A build is not lost for want of a file that only makes the next one faster.
        with suppress(BadInput):
            if timed is not None:
                write_bytes(self._file, bytes(timed.serialize()))


def _take(config: Any, timings: bytes) -> bool:
    """Whether TensorRT takes them for its own."""
    try:
        cache = config.create_timing_cache(timings)
        return cache is not None and config.set_timing_cache(cache, False)
    except (RuntimeError, TypeError, ValueError):
        return False
