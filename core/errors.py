"""Errors that reach a user as one clear line, each with its exit code."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType


class PocketlensError(Exception):
    """Something the user can mend; `exit_code` is what the command line returns."""

    exit_code = 2


class BadInput(PocketlensError):
    """Wrong use, or an input that cannot be used. Exit code 2."""


class BadBundle(BadInput):
    """A bundle that is not to be used, and why: one short line, whatever names a stranger put into it."""

    def __init__(self, source: object, told: str) -> None:
        super().__init__(f"{source}: " + "".join(c if c.isprintable() else "?" for c in told[:400]))


class MachineCannot(PocketlensError):
    """This machine lacks an engine, package, compiler or device. Exit code 3."""

    exit_code = 3


class OutOfMemory(MachineCannot):
    """A device has not the memory that is asked for. Exit code 3."""


def need(module: str, extra: str = "") -> ModuleType:
    """Import `module`, or raise `MachineCannot` naming the extra that installs it (none: the base install)."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = f"pocketlens[{extra}]" if extra else "pocketlens"
        raise MachineCannot(
            f"{module} is not usable here ({error}); install it with: pip install '{package}'"
        ) from error


def nearest(word: str, known: Iterable[str]) -> str:
    """A phrase that names the closest known word, or lists them all."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"known: {', '.join(known)}"


def told(value: object) -> str:
    """Any value in a few letters, for a line about it; Python itself refuses to write very large numbers."""
    try:
        return repr(value)[:60]
    except Exception:
        return type(value).__name__
