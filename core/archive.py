"""The files of a zip or a folder that a stranger may have made, read into memory within limits."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from .errors import BadBundle

MOST_BYTES = 1 << 29
"""Of a bundle, packed as well as unpacked: 512 MiB. Reading one takes no more than both together."""
MOST_FILES = 1000
_LONGEST_NAME = 255
_ENTRY, _END, _LARGE = b"PK\1\2", b"PK\5\6", b"PK\6\7"
"""What starts each line of a zip's table of contents, what follows the table, and what comes between in a large one."""
_BROKEN = (
    OSError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    RuntimeError,
)
"""What comes up in zips that are none, and in folders that cannot be read."""


def read_files(path: Path) -> dict[str, bytes]:
    """Name -> bytes of every file in a zip, or a folder. Nothing outside it is read, and nothing is written.

    Raises BadBundle for what cannot be read, and, before it is unpacked, for what exceeds the limits; for links,
    names that come twice, and encrypted files.
    """
    try:
        return _folder(path) if path.is_dir() else _zip(path)
    except FileNotFoundError as error:
        raise BadBundle(path, "no such bundle") from error
    except _BROKEN as error:
        told = f"not a readable bundle; it may be cut short or damaged ({error})"
        raise BadBundle(path, told) from error


def _zip(path: Path) -> dict[str, bytes]:
    if path.exists() and not path.is_file():
        raise BadBundle(path, "not a readable bundle but a device or a pipe")
    data = _read(path, MOST_BYTES)
    _refuse_many(path, _listed(data), len(data))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _refuse_odd(path, entries)
        # Given a size, zipfile stops there, whatever the packed data would become.
        return {entry.filename: archive.open(entry).read(entry.file_size) for entry in entries}


def _listed(data: bytes) -> int:
    """How many files a zip lists: told before zipfile makes an object of each. Raises ValueError for what is none."""
    end = data[-22:]
    if not end.startswith(_END) or data[-42:].startswith(_LARGE):
        raise ValueError("it does not end as a zip of this size does")
    return data.count(_ENTRY, max(0, len(data) - len(end) - int.from_bytes(end[12:16], "little")))


def _refuse_odd(path: Path, entries: Sequence[zipfile.ZipInfo]) -> None:
    _refuse_many(path, len(entries), sum(entry.file_size for entry in entries))
    seen = set()
    for entry in entries:
        if len(entry.filename) > _LONGEST_NAME:
            raise BadBundle(path, f"a name in it has more than {_LONGEST_NAME} letters: {entry.filename}")
        if entry.filename in seen:
            raise BadBundle(path, f"{entry.filename} is in it twice")
        seen.add(entry.filename)
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise BadBundle(path, f"{entry.filename} is a link or a device, not a file")
        if entry.flag_bits & 1:
            raise BadBundle(path, f"{entry.filename} is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadBundle(path, f"{entry.filename} is packed by method {entry.compress_type}; deflate (8) is read")


def _folder(path: Path) -> dict[str, bytes]:
    found, size = {}, 0
    for count, file in enumerate(path.rglob("*"), 1):
        name = file.relative_to(path).as_posix()
        if file.is_symlink() or not (file.is_file() or file.is_dir()):
            raise BadBundle(path, f"{name} is a link or a device, not a file")
        _refuse_many(path, count, size)
        if file.is_file():
            found[name] = _read(file, MOST_BYTES - size)
            size += len(found[name])
    _refuse_many(path, len(found), size)
    return found


def _read(path: Path, most: int) -> bytes:
    """A file, or the first of it where that is more than `most` bytes, and so that this shows."""
    with path.open("rb") as file:
        return file.read(min(os.fstat(file.fileno()).st_size, most) + 1)


def _refuse_many(path: Path, files: int, size: int) -> None:
    if files > MOST_FILES:
        raise BadBundle(path, f"it holds more than {MOST_FILES} files")
    if size > MOST_BYTES:
        raise BadBundle(path, f"it holds more than {MOST_BYTES >> 20} MiB")
