"""The engines that this machine can use."""

from __future__ import annotations

from pocketlens.core.catalog import ENGINES


def usable() -> list[str]:
    """Their names."""
    return [name for name, engine in ENGINES.items() if engine.why_not() is None]
