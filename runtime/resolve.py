"""MODEL on a command line -> an opened bundle."""

from __future__ import annotations

from ..core.bundle import Bundle, read
from ..core.catalog import SOURCES
from ..core.locate import is_bundle, locate


def open_bundle(model: str) -> Bundle:
    """A bundle file or folder, the name of a shipped model, or a checkpoint, which needs torch.

    Raises BadInput when there is none, naming the nearest shipped one, and when it is damaged;
    MachineCannot for a checkpoint where torch is missing.
    """
    path = locate(model)
    return read(path) if is_bundle(path) else SOURCES.get("checkpoint")(path)
