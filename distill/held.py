"""Many pictures at hand with bounded memory: the first stay in it, the others in a file without a name."""

from __future__ import annotations

import tempfile

import numpy as np

from ..core.errors import BadInput
from ..core.files import cache_home

_IN_MEMORY = 1 << 30
_CHUNK = 1 << 28


class Held:
    """Keeps arrays: past the memory, in a file that the system pages in and out and that ends with the process."""

    def __init__(self, in_memory: int = _IN_MEMORY, chunk: int = _CHUNK) -> None:
        """`in_memory`: bytes kept in memory; `chunk`: bytes of file asked for at a time."""
        self._left, self._chunk = in_memory, chunk
        self._room = np.empty(0, np.uint8)

    def keep(self, array: np.ndarray) -> np.ndarray:
        """The same uint8 array, or a read-only copy in the file. Raises BadInput where that cannot be written."""
        if array.nbytes <= self._left:
            self._left -= array.nbytes
            return array
        if array.nbytes > len(self._room):
            self._room = _mapped(max(self._chunk, array.nbytes))
        copy, self._room = self._room[: array.nbytes].reshape(array.shape), self._room[array.nbytes :]
        copy[:] = array
        copy.flags.writeable = False
        return copy


def _mapped(size: int) -> np.ndarray:
    """`size` bytes that have no room in memory; the file is gone when nothing refers to them any more."""
    home = cache_home()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as file:
            # A full disk must be an error now, not a fault of the memory later.
            file.write(bytes(size))
            file.flush()
            return np.asarray(np.memmap(file, np.uint8, "r+", shape=(size,)))
    except OSError as error:
        raise BadInput(f"cannot keep pictures in {home}: {error.strerror or error}") from error
