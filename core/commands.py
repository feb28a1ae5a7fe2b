"""Command groups that import a command only when it is called, and fail in one clear line."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from .errors import PocketlensError

_ROOT = __name__.partition(".")[0]
_USAGE: Any = typer.BadParameter.__base__
"""Typer's error of wrong use, which it gives no name of its own."""

Json = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON; - is standard output.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Force = Annotated[bool, typer.Option("--force", help="Replace an output that exists.")]


class LazyGroup(TyperGroup):
    """A group whose members are `name -> (one line of help, "module:attribute" under the package)`.

    The attribute is a function with Typer annotations, or another group.
    """

    def __init__(self, name: str, help: str, members: Mapping[str, tuple[str, str]]) -> None:
        stubs = {key: TyperCommand(key, help=line, rich_markup_mode=None) for key, (line, _) in members.items()}
        super().__init__(name=name, help=help, commands=stubs, no_args_is_help=True, rich_markup_mode=None)  # type: ignore[arg-type]
        self._members = members

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the member, and import it."""
        name, stub, rest = super().resolve_command(ctx, args)
        return name, stub and _load(name or "", self._members[name or ""][1]), rest

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Read the group's own options."""
        with _one_line():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Run, turning every expected failure into one line and its exit code."""
        with _one_line():
            return super().invoke(ctx)


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except PocketlensError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt as error:
        _fail(str(error) or "interrupted", 130)
    except MemoryError as error:
        _fail(f"not enough memory for this: {str(error).strip() or 'try something smaller'}", 3)
    except OSError as error:
        said = error.strerror or str(error)
        _fail(f"{error.filename}: {said}" if error.filename else said, 2)
    except _USAGE as error:
        message = error.format_message()
        if "\n" in message:  # a group without a command: the message is its help
            raise
        command = error.ctx.command_path if error.ctx else _ROOT
        _fail(f"{message.rstrip('.')} (see {command} --help)", 2)


def _load(name: str, target: str) -> Any:
    module, _, attribute = target.partition(":")
    found = getattr(importlib.import_module(f"{_ROOT}.{module}"), attribute)
    return found if isinstance(found, TyperGroup) else as_command(name, found)


def as_command(name: str, function: Callable[..., Any]) -> Any:
    """A function with Typer annotations as a command."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name)(function)
    return typer.main.get_command(app)


def _fail(message: str, code: int) -> None:
    print(f"pocketlens: {message}", file=sys.stderr)
    raise typer.Exit(code) from None


def run_group(group: LazyGroup) -> None:
    """Run a console script; a SIGTERM cleans up as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # OpenCV logs what our one line already says.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    group(prog_name=group.name)


def refuse_report(destination: str | None, force: bool) -> None:
    """Raise BadInput where `--json` names a file that may not be replaced, or a folder; asked before any work."""
    from .files import refuse_taken

    if destination not in (None, "-"):
        refuse_taken(Path(destination), force)


def report(data: Any, destination: str | None, lines: Callable[[], str], quiet: bool = False) -> None:
    """Give a result to the user: JSON where `--json` says, otherwise `lines()` as text.

    With `--json -` standard output holds the JSON and nothing else.
    """
    from .files import to_json, write_text

    if destination == "-":
        print(to_json(data))
        return
    if destination:
        write_text(Path(destination), to_json(data) + "\n")
    if not quiet:
        print(lines())
