"""A bundle measured again, and the answer to each of its limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.bundle import Bundle
from ...core.cases import SAMPLES, Case, by_name, digest, from_folder, from_samples
from ...core.errors import BadInput, MachineCannot
from ...core.limits import Limits
from ...core.progress import Advance
from ...core.verdict import Judgement, Verdict
from ..choose import AUTO, Choice, choices
from . import accuracy
from .accuracy import Before
from .graphs import graphs
from .measured import Measured, Sets, measure
from .pace import pace
from .row import Row, unknown

_NO_PICTURES = "the model comes without sample pictures: give --data, or seal it: pocketlens export bundle"
Key = tuple[str, str]
"""Engine and precision."""


@dataclass(frozen=True)
class Examined:
    """What was measured of a bundle, and the answer to each of its limits."""

    rows: list[Row]
    measured: Mapping[Key, Measured]
    """Of each engine and precision that runs here; empty without pictures."""


def verify(
    bundle: Bundle,
    baseline: Bundle | None = None,
    folders: Sequence[Path] = (),
    engine: str = AUTO,
    threads: int = 1,
    seconds: float = 30.0,
    advance: Advance = lambda steps=1, note="": None,
) -> list[Row]:
    """Measure a bundle again and hold it to what was sealed in it, or to a `baseline` measured beside it.

    Its samples are scored and the pictures in `folders`; graphs that no engine runs here are held to their reference;
    each engine's recorded precision is timed, all of them within about `seconds`. Raises BadInput for a folder without
    pictures and for a baseline of another kind, MachineCannot where no engine is usable.
    """
    return examine(bundle, baseline, read_sets(bundle, folders), engine, threads, seconds, advance).rows


def examine(
    bundle: Bundle,
    baseline: Bundle | None,
    sets: Sets,
    engine: str,
    threads: int,
    seconds: float,
    advance: Advance,
) -> Examined:
    """The same on pictures that were read, with what was measured of them."""
    limits = _limits(baseline or bundle)
    if baseline:
        _refuse_other_kind(bundle, baseline)
    found = choices(bundle.manifest, engine)[0]
    measured: dict[Key, Measured] = {}
    rows = [_no_pictures(limits)]
    if sets:
        rows = list(_accuracy(bundle, baseline, found, sets, limits, threads, advance, measured))
    if contract := bundle.manifest.contract:
        rows += accuracy.sealed_gaps(contract, limits, engine, {digest(cases) for cases in sets.values()})
    rows += graphs(bundle, found, limits, advance)
    return Examined([*rows, *pace(bundle, baseline, engine, limits, threads, seconds, advance)], measured)


def read_sets(bundle: Bundle, folders: Sequence[Path]) -> dict[str, list[Case]]:
    """What to score on: its samples and what is in the folders. Raises BadInput for one without pictures."""
    samples = from_samples(bundle)
    sets = {SAMPLES: samples} if samples else {}
    return sets | {name: from_folder(folder, bundle.manifest) for name, folder in by_name(folders).items()}


def _limits(bundle: Bundle) -> Limits:
    contract = bundle.manifest.contract
    return (contract.limits if contract else Limits()).of_task(bundle.manifest.task)


def _refuse_other_kind(bundle: Bundle, baseline: Bundle) -> None:
    new, old = ((facts.task, facts.scale) for facts in (bundle.manifest, baseline.manifest))
    if new != old:
        told = [f"{task} x{scale}" if task == "upscale" else task for task, scale in (new, old)]
        names = bundle.manifest.name, baseline.manifest.name
        raise BadInput(
            f"{names[0]} is made to {told[0]}, the baseline {names[1]} to {told[1]}: "
            "give a baseline of the same task and scale"
        )


def _no_pictures(limits: Limits) -> Row:
    return Row("psnr", limits.psnr, unknown(_NO_PICTURES), "dB")


def _accuracy(
    bundle: Bundle,
    baseline: Bundle | None,
    found: Sequence[Choice],
    sets: Sets,
    limits: Limits,
    threads: int,
    advance: Advance,
    measured: dict[Key, Measured],
) -> Iterator[Row]:
    """Fills `measured` on the way."""
    digests = {name: digest(cases) for name, cases in sets.items()}
    failed: list[Row] = []
    for choice in found:
        advance(note=f"{choice.precision} on {choice.name}")
        try:
            measured[choice.name, choice.precision] = measure(bundle, choice, sets, threads)
        except MachineCannot as error:
            failed.append(_does_not_run(bundle, choice, limits, str(error)))
    for choice in found:
        now = measured.get((choice.name, choice.precision))
        if now:
            before = _before(bundle, baseline, choice, sets, digests, threads)
            yield from accuracy.judged(choice, now, before, measured.get((choice.name, "fp32")), limits)
    yield from failed


def _before(
    bundle: Bundle,
    baseline: Bundle | None,
    choice: Choice,
    sets: Sets,
    digests: Mapping[str, str],
    threads: int,
) -> Before:
    if baseline is None:
        return accuracy.sealed(bundle.manifest.contract, choice, digests)
    try:
        before = measure(baseline, choice, sets, threads)
    except (MachineCannot, BadInput) as error:
        return Before(why_not=dict.fromkeys(sets, f"the baseline cannot be measured: {error}"))
    return Before(before.scores, before.soundness.odd_sizes, same=False)


def _does_not_run(bundle: Bundle, choice: Choice, limits: Limits, why: str) -> Row:
    """A failure where it ran when it was sealed; elsewhere nobody promised that it would."""
    contract = bundle.manifest.contract
    promised = contract and (choice.name, choice.precision) in {(s.engine, s.precision) for s in contract.soundness}
    nothing = unknown(why)
    verdict = Verdict.FAIL if promised else Verdict.UNDECIDED
    found = Judgement(nothing.value, nothing.low, nothing.high, verdict, why)
    return Row(f"psnr {choice.precision} {choice.name} {SAMPLES}", limits.psnr, found, "dB")
