"""Memory that ends where the next byte may not be touched: the program would not survive it."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterator
from contextlib import contextmanager

_NONE, _BOTH = 0, mmap.PROT_READ | mmap.PROT_WRITE


@contextmanager
def guarded(size: int, at_start: bool = False) -> Iterator[memoryview]:
    """`size` bytes, right before a page that can be neither read nor written or, `at_start`, right behind one."""
    pages = -(-size // mmap.PAGESIZE)
    memory = mmap.mmap(-1, (pages + 2) * mmap.PAGESIZE)
    first = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    guards = (first, first + (pages + 1) * mmap.PAGESIZE)
    _protect(guards, _NONE)
    start = mmap.PAGESIZE if at_start else (pages + 1) * mmap.PAGESIZE - size
    try:
        yield memoryview(memory)[start : start + size]
    finally:
        _protect(guards, _BOTH)


def _protect(pages: tuple[int, ...], how: int) -> None:
    for address in pages:
        assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(address), mmap.PAGESIZE, how) == 0
