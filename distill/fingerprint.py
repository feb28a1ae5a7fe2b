"""What a run learns from, named by its bytes: two folders of one name are not one set of pictures."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..core.files import sha256
from .recipe import Data

Files = Callable[[str], Sequence[Path]]
"""The files that a run reads of a source in `Data`."""
Fingerprints = dict[str, list[dict[str, Any]]]
"""`train` and `val` -> name, number of files and sha256 of each source."""


def fingerprints(data: Data, files: Files) -> Fingerprints:
    """Of every source of a recipe."""
    return {
        "train": [fingerprint(source, files(source)) for source in data.train],
        "val": [fingerprint(source, files(source)) for source in data.val],
    }


def fingerprint(source: str, files: Sequence[Path]) -> dict[str, Any]:
    """The sha256 of names and bytes, in the order of the names: as `LC_ALL=C sha256sum * | sha256sum` in a folder."""
    named = {_within(source, file): file for file in files}
    made = hashlib.sha256()
    for name in sorted(named):
        made.update(f"{sha256(named[name])}  ".encode() + name + b"\n")
    return {"name": Path(source).name, "files": len(named), "sha256": made.hexdigest()}


def _within(source: str, file: Path) -> bytes:
    """The name that a file has in its source."""
    inside = file.relative_to(source).as_posix() if file != Path(source) and file.is_relative_to(source) else file.name
    return os.fsencode(inside)
