"""What this machine takes for a bundle, recorded in it."""

from __future__ import annotations

from pathlib import Path

from ...core.bundle import Bundle, write
from ...core.contract import MOST_RECORDINGS, Contract, Recording
from ...core.errors import BadInput, MachineCannot
from ...core.latency import Recorded
from ...core.progress import Advance
from .measured import recordings

_MUCH = 3
"""How many times as noisy a recording is that does not take the place of another."""


def update(path: Path, bundle: Bundle, engine: str, threads: int, seconds: float, advance: Advance) -> None:
    """Time the bundle here and rewrite it at `path`, whole or not at all, with what was found.

    A recording of the same engine on the same kind of machine gives way; scores and limits, which hold on every
    machine, stay. Raises BadInput without time to measure in, MachineCannot, with nothing rewritten, where what was
    found is too noisy to decide anything by, or far noisier than what was recorded.
    """
    if not seconds:
        raise BadInput("recording takes time: give --seconds more than 0")
    contract = bundle.manifest.contract or Contract()
    new = recordings(bundle, threads, seconds, advance, engine)
    before = {_kind(each): each for each in contract.recordings}
    noisy = [each for each in new if _is_noisy(each, before.get(_kind(each)), contract.limits.latency)]
    if noisy:
        told = ", ".join(f"{each.precision} {each.engine} is uncertain by {each.noise:.0%}" for each in noisy)
        raise MachineCannot(f"too busy; nothing recorded ({told}): a quieter machine or more --seconds")
    kept = [each for each in contract.recordings if _kind(each) not in map(_kind, new)]
    contract = contract.model_copy(update={"recordings": [*kept, *new][-MOST_RECORDINGS:]})
    write(path, bundle.manifest.model_copy(update={"contract": contract}), bundle.files)


def _is_noisy(new: Recording, old: Recording | None, allowed: float) -> bool:
    """Whether a recording would leave latency undecided for good, or much longer than the old one does."""
    doubt = Recorded(new.ratio, new.noise).doubt
    return doubt >= allowed or (old is not None and doubt > _MUCH * Recorded(old.ratio, old.noise).doubt)


def _kind(recording: Recording) -> tuple[str, int, str]:
    return recording.engine, recording.threads, recording.processor
