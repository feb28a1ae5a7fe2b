"""Outputs that appear whole or not at all, and the hashes that name them."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import BadInput

_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG, errno.EISDIR, errno.ENOTDIR)


def refuse_existing(path: Path, force: bool) -> None:
    """Raise BadInput when `path` exists and `force` was not asked for."""
    if path.exists() and not force:
        raise BadInput(f"{path} exists; choose another name, or pass --force to replace it")


def refuse_taken(path: Path, force: bool) -> None:
    """Raise BadInput when a file is at `path` that may not be replaced, or a folder, which never may."""
    refuse_existing(path, force)
    if path.is_dir():
        raise BadInput(f"{path} is a folder; choose another name")


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def whole(path: Path, *, folder: bool = False) -> Iterator[Path]:
    """Yield a temporary name beside `path`; rename it to `path` on success, remove it on failure.

    The temporary name keeps `path`'s suffix, which some writers go by. With `folder` it is an
    empty folder. Raises BadInput where the place cannot be written or the disk is full, and where
    a file would replace a folder or, as root can, a device.
    """
    path = Path(path)
    scratch = _scratch(path)
    draft = scratch / path.name
    try:
        if folder:
            draft.mkdir()
        yield draft
        if folder and path.is_dir() and not path.is_symlink():
            path.rename(scratch / "replaced")
        draft.replace(path)
    except OSError as error:
        if error.errno in _CANNOT_WRITE:
            raise BadInput(f"cannot write {path}: {error.strerror}; nothing was kept") from error
        raise
    finally:
        _remove(scratch)


def _scratch(path: Path) -> Path:
    """A new folder beside `path`."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise BadInput(f"{path} is a device or a pipe; name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{path.stem}-", dir=path.parent))
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror or error}") from error


def require_writable(path: Path) -> None:
    """Raise BadInput where a file cannot be written, before work is done for it; makes the folder that it goes to."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder; name a file")
    _remove(_scratch(path))


def remove_drafts(path: Path) -> None:
    """Remove what a process that was killed while writing `path` left beside it."""
    for scratch in path.parent.glob(f".{path.stem}-*"):
        _remove(scratch)


def to_json(data: Any) -> str:
    """Indented JSON; infinity, which JSON lacks, becomes null: so two equal pictures have no PSNR."""

    def plain(value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, list | tuple) else value

    return json.dumps(plain(data), indent=1)


def write_bytes(path: Path, data: bytes | memoryview) -> None:
    """Write a file whole or not at all."""
    with whole(path) as draft:
        draft.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a small text file whole or not at all."""
    write_bytes(path, text.encode())


def cache_home() -> Path:
    """`POCKETLENS_CACHE`, or the user's cache folder: what can be made again."""
    home = os.environ.get("POCKETLENS_CACHE") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "pocketlens"
    return Path(home).expanduser()
