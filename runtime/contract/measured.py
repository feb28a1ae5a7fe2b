"""Everything that is measured of one way to run a bundle, and of all of them when it is sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ...core.bundle import Bundle
from ...core.cases import SAMPLES, Case, digest, from_samples
from ...core.contract import MOST_PICTURES, Contract, DataSet, Recording, Scores, Soundness
from ...core.errors import MachineCannot
from ...core.limits import Limits
from ...core.progress import Advance
from ..choose import AUTO, PRECISIONS, Choice, choices
from ..session import Session
from .graph_scores import sealed_graphs
from .scores import Values, scores, sealed_scores
from .soundness import soundness
from .speed import quickest, record

_SOUND_ON = 2
"""Pictures that are cut to tiles and odd sizes."""

Sets = Mapping[str, Sequence[Case]]
"""Name -> what a model is scored on."""


@dataclass(frozen=True)
class Measured:
    """One engine and precision on this machine."""

    scores: Mapping[str, Values]
    """By the name of the set."""
    soundness: Soundness


def measure(bundle: Bundle, choice: Choice, sets: Sets, threads: int) -> Measured:
    """Score and test a bundle as its user runs it. Raises MachineCannot where it does not run."""
    with Session.open(bundle, choice.name, choice.precision, threads) as session:
        values = {name: scores(session, cases) for name, cases in sets.items()}
        some = next(iter(sets.values()))[:_SOUND_ON]
        return Measured(values, soundness(bundle, session, some, threads))


def contract_of(bundle: Bundle, sets: Sets, limits: Limits, threads: int, seconds: float, advance: Advance) -> Contract:
    """What to seal: every way to run the bundle here is measured, and each engine's fastest one recorded.

    `sets` come besides the bundle's own samples. `seconds` are for all engines together; 0 leaves time and memory out.
    """
    sets = {SAMPLES: from_samples(bundle), **{name: cases[:MOST_PICTURES] for name, cases in sets.items()}}
    found: dict[tuple[str, str], Measured] = {}
    for choice in choices(bundle.manifest)[0]:
        advance(0, note=f"measuring {choice.precision} on {choice.name}")
        # What does not run here is measured where it does.
        with suppress(MachineCannot):
            found[choice.name, choice.precision] = measure(bundle, choice, sets, threads)
    return Contract(
        limits=limits.of_task(bundle.manifest.task),
        sets={name: _data_set(name, cases, found) for name, cases in sets.items()},
        graphs=list(sealed_graphs(bundle)),
        soundness=[each.soundness for each in found.values()],
        recordings=recordings(bundle, threads, seconds, advance) if seconds else [],
    )


def _data_set(name: str, cases: Sequence[Case], found: Mapping[tuple[str, str], Measured]) -> DataSet:
    """A set, and what each way to run the bundle reached on it."""
    made: list[Scores] = []
    for (engine, precision), measured in found.items():
        fp32 = found.get((engine, "fp32"))
        made.append(sealed_scores(engine, precision, measured.scores[name], fp32.scores[name] if fp32 else None))
    return DataSet(sha256=digest(cases), pictures=len(cases), scores=made)


def recordings(bundle: Bundle, threads: int, seconds: float, advance: Advance, engine: str = AUTO) -> list[Recording]:
    """Time and memory of each engine here in its fastest precision, which is found first, in `seconds` altogether."""
    found = _by_engine(bundle, engine)
    share = seconds / len(found) / 2
    made = []
    for name, ways in found.items():
        advance(0, note=f"timing {name}")
        with suppress(MachineCannot):
            choice = quickest(bundle, ways, threads, share)
            advance(0, note=f"timing {choice.precision} on {name}")
            made.append(record(bundle, choice, threads, share))
    return made


def _by_engine(bundle: Bundle, engine: str) -> dict[str, list[Choice]]:
    """Every way to run the bundle here, the most faithful first."""
    found: dict[str, list[Choice]] = {}
    for choice in sorted(choices(bundle.manifest, engine)[0], key=lambda way: PRECISIONS.index(way.precision)):
        found.setdefault(choice.name, []).append(choice)
    return found


def fastest(bundle: Bundle, engine: str = AUTO) -> list[Choice]:
    """The best choice of each engine."""
    best: dict[str, Choice] = {}
    for choice in choices(bundle.manifest, engine)[0]:
        best.setdefault(choice.name, choice)
    return list(best.values())
