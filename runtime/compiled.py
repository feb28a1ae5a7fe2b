"""Graphs as OpenVINO compiled them on this machine, kept so that no other process need compile them again.

OpenVINO has a cache of its own (`CACHE_DIR`). It maps files that another process may be writing, which ends the one
that reads; takes altered weights for sound ones, which shows in pictures; and removes no file. Here a file appears
whole, begins with the digest of the rest, and what was not used for longest makes room. Where nothing can be kept each
process compiles, and nobody need hear of it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from ..core.errors import BadInput, need
from ..core.files import cache_home, write_bytes
from . import openvino_graph

_MOST = 64 << 20
"""Bytes of all files together; most have some hundred thousand."""
_CANNOT = (OSError, ValueError, RuntimeError, BadInput)
"""What a file, the disk or OpenVINO may raise."""

Compiled = tuple[Any, frozenset[str]]
"""A compiled model, and those of its outputs that `openvino_graph.shuffle_into` is to finish."""


def compiled_once(
    core: Any, settings: Mapping[str, Any], of: tuple[object, ...], compile_it: Callable[[], Compiled]
) -> Compiled:
    """What was kept `of` something, whose `repr` no process changes; else what `compile_it` gives, now kept."""
    path = None
    with suppress(*_CANNOT):
        path = _file(*of, sorted(settings.items()))
        return _read(path, core, settings)
    made = compile_it()
    if path:
        with suppress(*_CANNOT):
            _keep(path, *made)
    return made


def _read(path: Path, core: Any, settings: Mapping[str, Any]) -> Compiled:
    """Raises ValueError for a file that is not as it was written."""
    digest, rest = path.read_bytes().split(b"\n", 1)
    if digest != _digest(rest):
        raise ValueError("cut short or altered")
    os.utime(path)
    names, blob = rest.split(b"\n", 1)
    return core.import_model(blob, "CPU", settings), frozenset(json.loads(names))


def _keep(path: Path, model: Any, unfinished: frozenset[str]) -> None:
    blob = io.BytesIO()
    model.export_model(blob)
    rest = json.dumps(sorted(unfinished)).encode() + b"\n" + blob.getvalue()
    write_bytes(path, _digest(rest) + b"\n" + rest)
    left = _MOST
    kept = [(file, file.stat()) for file in path.parent.glob("*.blob")]
    for file, facts in sorted(kept, key=lambda each: each[1].st_mtime, reverse=True):
        left -= facts.st_size
        if left < 0:
            file.unlink(missing_ok=True)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _file(*facts: object) -> Path:
    """Named by all that a compiled graph depends on."""
    return cache_home() / "openvino" / f"{_digest(repr((*_here(), facts)).encode())[:32].decode()}.blob"


@cache
def _here() -> tuple[object, ...]:
    """OpenVINO, the processor, and how graphs are made over for them, which a checkout may have changed since."""
    # `machine` measures by the engine that asks for this.
    from .machine import processor_features, processor_name

    made_over = _digest(Path(openvino_graph.__file__).read_bytes())
    # oneDNN can be told to do without the newest instructions.
    told = os.environ.get("ONEDNN_MAX_CPU_ISA")
    return need("openvino").get_version(), processor_name(), processor_features(), told, made_over
