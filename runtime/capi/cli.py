"""`pocketlens capi`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...core.commands import Force, Json, LazyGroup, Quiet, refuse_report, report
from ...core.files import refuse_existing

GROUP = LazyGroup(
    "capi",
    "Build the library for C and C++. Example: pocketlens capi build -o capi",
    {"build": ("Write pocketlens.h and libpocketlens.so.", "runtime.capi.cli:build_library")},
)


def build_library(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the header and the library.")],
    force: Force = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Write pocketlens.h and libpocketlens.so, which runs in this Python environment; a C compiler is needed.

    Example: pocketlens capi build -o capi
    """
    from .build import LIBRARY, build
    from .declarations import HEADER

    refuse_existing(out, force)
    refuse_report(json, force)
    build(out)
    files = {"header": str(out / HEADER.name), "library": str(out / LIBRARY)}
    report(files, json, lambda: "\n".join(files.values()), quiet)
