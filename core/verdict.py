"""What a gate answers: pass, fail, or undecided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The answer to one limit, or to all of them."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Judgement:
    """What was found, the interval that holds the truth, and what it means for the limit."""

    value: float
    low: float
    high: float
    verdict: Verdict
    why: str = ""
    """A line for whoever reads the verdict, where the numbers alone do not tell."""


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict of many: a failure outweighs a doubt, a doubt outweighs what passed."""
    found = set(verdicts)
    return next((verdict for verdict in (Verdict.FAIL, Verdict.UNDECIDED) if verdict in found), Verdict.PASS)
