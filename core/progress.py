"""A progress line with ETA, on standard error and only on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_SILENT: ContextVar[bool] = ContextVar("silent", default=False)


class Advance(Protocol):
    """Moves the line on; `note` is shown behind the bar."""

    def __call__(self, steps: int = 1, note: str = "") -> None: ...


@contextmanager
def silently(wanted: bool = True) -> Iterator[None]:
    """Show no progress line in this block, if that is `wanted`, whoever asks for one."""
    before = _SILENT.set(wanted or _SILENT.get())
    try:
        yield
    finally:
        _SILENT.reset(before)


@contextmanager
def progress(what: str, total: int | None, quiet: bool = False, done: int = 0) -> Iterator[Advance]:
    """Show `what` going from `done` to `total` (None where the end is not known)."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    shown = console.is_terminal and not (quiet or _SILENT.get())
    with Progress(*columns, console=console, disable=not shown, transient=True) as bar:
        task = bar.add_task(what, total=total, completed=done, note="")

        def advance(steps: int = 1, note: str = "") -> None:
            bar.advance(task, steps)
            if note:
                bar.update(task, note=note)

        yield advance
