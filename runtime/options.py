"""Options that several commands of the runtime share."""

from __future__ import annotations

from typing import Annotated

import typer

Model = Annotated[str, typer.Argument(metavar="MODEL", help="Bundle, shipped model, run folder, or checkpoint.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads of the engine; all cores by default.")]
