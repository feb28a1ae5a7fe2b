"""One limit, and what was found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ...core.verdict import Judgement, Verdict


@dataclass(frozen=True)
class Row:
    """One limit."""

    name: str
    """What is limited, of which precision on which engine, and on which pictures."""
    limit: float
    found: Judgement
    unit: str = ""

    @property
    def verdict(self) -> Verdict:
        """The answer to it."""
        return self.found.verdict

    def told(self) -> str:
        """What was found, in a line."""
        value, limit = number(self.found.value, self.unit), number(self.limit, self.unit)
        return f"{self.name}: {value}, limit {limit}" + (f": {self.found.why}" if self.found.why else "")

    def as_json(self) -> dict[str, Any]:
        """As `verify --json` gives it."""
        found = self.found
        interval = {"low": found.low, "high": found.high}
        facts = {"name": self.name, "limit": self.limit, "value": found.value, "unit": self.unit, **interval}
        return {**facts, "verdict": str(found.verdict), "why": found.why}


def unknown(why: str) -> Judgement:
    """Nothing was measured, and why not."""
    return Judgement(math.nan, -math.inf, math.inf, Verdict.UNDECIDED, why)


def number(value: float, unit: str) -> str:
    """A value as people read it; a dash for one that is not known."""
    if not math.isfinite(value):
        return "-"
    return f"{value:.1%}" if unit == "%" else f"{value:.4g} {unit}".strip()


def counted(count: int, what: str) -> str:
    """`1 core`, `2 cores`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
