"""What this machine takes for a bundle, recorded in it."""

from __future__ import annotations

from pathlib import Path

from ...core.bundle import Bundle, write
from ...core.contract import MOST_RECORDINGS, Contract, Recording
from ...core.errors import BadInput
from ...core.progress import Advance
from .measured import recordings


def update(path: Path, bundle: Bundle, engine: str, threads: int, seconds: float, advance: Advance) -> None:
    """Time the bundle here and rewrite it at `path`, whole or not at all, with what was found.

    A recording of the same engine on the same kind of machine gives way; scores and limits, which hold on every
    machine, stay. Raises BadInput without time to measure in.
    """
    if not seconds:
        raise BadInput("recording takes time: give --seconds more than 0")
    contract = bundle.manifest.contract or Contract()
    new = recordings(bundle, threads, seconds, advance, engine)
    kept = [each for each in contract.recordings if _kind(each) not in map(_kind, new)]
    contract = contract.model_copy(update={"recordings": [*kept, *new][-MOST_RECORDINGS:]})
    write(path, bundle.manifest.model_copy(update={"contract": contract}), bundle.files)


def _kind(recording: Recording) -> tuple[str, int, str]:
    return recording.engine, recording.threads, recording.processor
