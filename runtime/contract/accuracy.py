"""Pictures as good as they were? Each limit on them, and the answer."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...core import paired
from ...core.cases import SAMPLES
from ...core.contract import MEASURES, Contract
from ...core.limits import Limits
from ...core.verdict import Judgement, Verdict
from ..choose import AUTO, Choice
from .measured import Measured
from .row import Row, unknown
from .scores import Values, gains

_NOTHING_SEALED = "no measurements were sealed with it: give --baseline, or seal it: pocketlens export bundle"
_NOT_THESE = "not sealed with scores of these pictures: give --baseline, or seal it with them: export bundle --data"
_NOT_HERE = "not measured on this engine when the bundle was sealed: seal it where the engine runs"


@dataclass(frozen=True)
class Before:
    """What one way to run a model is held against: what was sealed, or what a baseline reaches now."""

    scores: Mapping[str, Values] = field(default_factory=dict)
    """By the name of the set."""
    odd_sizes: float | None = None
    same: bool = True
    """Whether it is of the same model, which is to give the same pictures."""
    why_not: Mapping[str, str] = field(default_factory=dict)
    """By the name of the set: why its scores are not known."""


def sealed(contract: Contract | None, choice: Choice, digests: Mapping[str, str]) -> Before:
    """What a bundle says of an engine and precision. `digests`: name of a set -> sha256 of its pixels."""
    if contract is None:
        return Before(why_not=dict.fromkeys(digests, _NOTHING_SEALED))
    key = choice.name, choice.precision
    known: dict[str, Values] = {
        data.sha256: {measure: scores.values(measure) for measure in MEASURES}
        for data in contract.sets.values()
        for scores in data.scores
        if (scores.engine, scores.precision) == key
    }
    odd = next((each.odd_sizes for each in contract.soundness if (each.engine, each.precision) == key), None)
    scores = {name: known[digest] for name, digest in digests.items() if digest in known}
    sealed_sets = {data.sha256 for data in contract.sets.values()}
    why_not = {name: _NOT_HERE if digest in sealed_sets else _NOT_THESE for name, digest in digests.items()}
    return Before(scores, odd, why_not=why_not)


def judged(choice: Choice, now: Measured, before: Before, fp32: Measured | None, limits: Limits) -> Iterator[Row]:
    """Every limit on the pictures of one way to run a model. `fp32`: what the same engine reaches in that precision."""
    of = f"{choice.precision} {choice.name}"
    for name, values in now.scores.items():
        known = before.scores.get(name)
        # A bundle may come from a stranger, and say anything of its pictures.
        if known and len(known["psnr"]) == len(values["psnr"]):
            yield from against(f"{of} {name}", values, known, before.same, limits)
        elif name == SAMPLES or not fp32 or fp32 is now:
            yield Row(f"psnr {of} {name}", limits.psnr, unknown(before.why_not.get(name, "")), "dB")
        if name != SAMPLES and fp32 and fp32 is not now:
            yield _gap(f"{of} {name}", values["psnr"], fp32.scores[name]["psnr"], limits)
    if now.soundness.tiled is not None:
        yield Row(f"tiled {of}", limits.tiled, _held(now.soundness.tiled, limits.tiled), "levels")
    if before.odd_sizes is not None:
        growth = now.soundness.odd_sizes - before.odd_sizes
        yield Row(f"odd_sizes {of}", limits.odd_sizes, _held(growth, limits.odd_sizes), "levels")


def sealed_gaps(contract: Contract, limits: Limits, engine: str = AUTO, digests: Container[str] = ()) -> Iterator[Row]:
    """How far below fp32 each precision was on the owner's pictures when it was sealed, on `engine` or, by `auto`, all.

    Sets with one of the `digests` are left out, as they are measured anew.
    """
    for name, data in contract.sets.items():
        if name == SAMPLES or data.sha256 in digests:
            continue
        known = {(each.engine, each.precision): each for each in data.scores if engine in (AUTO, each.engine)}
        for (where, precision), scores in known.items():
            fp32 = known.get((where, "fp32"))
            if fp32 and precision != "fp32":
                yield _gap(f"{precision} {where} {name}, as sealed", scores.psnr, fp32.psnr, limits)


def _gap(of: str, values: Sequence[float], fp32: Sequence[float], limits: Limits) -> Row:
    """Two graphs on the same pictures are no sample of anything: what lies between them on these is a fact."""
    allowed, differences = limits.gap or 0, gains("psnr", values, fp32, same=False)
    return _as_loss(f"gap {of}", allowed, paired.judge_these(differences, allowed, allowed * limits.worst), "dB")


def against(of: str, values: Values, before: Values, same: bool, limits: Limits) -> Iterator[Row]:
    """What the pictures of a set have lost, by each measure of their values."""
    for measure in values:
        allowed, unit = getattr(limits, measure), "dB" if measure == "psnr" else "levels"
        differences = gains(measure, values[measure], before[measure], same)
        yield _as_loss(f"{measure} {of}", allowed, paired.judge(differences, allowed, allowed * limits.worst), unit)


def _as_loss(name: str, allowed: float, found: Judgement, unit: str) -> Row:
    """The judgement on differences, told as a loss: less is better, as for all other limits."""
    return Row(name, allowed, replace(found, value=0.0 - found.value, low=0.0 - found.high, high=0.0 - found.low), unit)


def _held(value: float, limit: float) -> Judgement:
    """A fact needs no interval."""
    return Judgement(value, value, value, Verdict.PASS if value <= limit else Verdict.FAIL)
