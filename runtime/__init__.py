"""Running a bundle: sessions, engines, video. Imports no torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .frame import Frame
    from .session import Session

__all__ = ["Frame", "Session"]


def __getattr__(name: str) -> Any:
    """`Frame` or `Session`, imported when asked for: pytest loads one module of this package in every project."""
    if name in __all__:
        return getattr(import_module(f".{name.lower()}", __name__), name)
    raise AttributeError(f"module {__name__} has no attribute {name}")
