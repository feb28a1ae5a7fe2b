"""One limit and what was found, and all of them as text, Markdown, JUnit's XML and JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from ...core.verdict import Judgement, Verdict, overall

_FIRST = [Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS]
_MARKS = {Verdict.PASS: "pass", Verdict.FAIL: "**fail**", Verdict.UNDECIDED: "*undecided*"}


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
        return " ".join(filter(None, [f"{self.name}: {_number(self.found.value, self.unit)}", self._held()]))

    def _held(self) -> str:
        return ", ".join(filter(None, [f"limit {_number(self.limit, self.unit)}", self.found.why]))

    def as_json(self) -> dict[str, Any]:
        """As `verify --json` gives it."""
        found = self.found
        interval = {"low": found.low, "high": found.high}
        facts = {"name": self.name, "limit": self.limit, "value": found.value, "unit": self.unit, **interval}
        return {**facts, "verdict": str(found.verdict), "why": found.why}


def unknown(why: str) -> Judgement:
    """Nothing was measured, and why not."""
    return Judgement(math.nan, -math.inf, math.inf, Verdict.UNDECIDED, why)


def as_json(model: str, rows: Sequence[Row]) -> dict[str, Any]:
    """The JSON of `verify`."""
    verdict = overall(row.verdict for row in rows)
    return {"model": model, "verdict": str(verdict), "limits": [row.as_json() for row in rows]}


def as_text(rows: Sequence[Row]) -> str:
    """A table for a terminal, and the verdict."""
    width = max(len(row.name) for row in rows)
    lines = [f"{'':{width}} {'found':>12} {'limit':>12}  verdict"]
    for row in rows:
        value, limit = _number(row.found.value, row.unit), _number(row.limit, row.unit)
        why = f": {row.found.why}" if row.found.why else ""
        lines.append(f"{row.name:{width}} {value:>12} {limit:>12}  {row.verdict}{why}")
    return "\n".join([*lines, f"verdict: {overall(row.verdict for row in rows)}"])


def as_markdown(model: str, rows: Sequence[Row]) -> str:
    """A table for a pull request, what did not pass first."""
    head = [f"### {_plain(model)}: {_MARKS[overall(row.verdict for row in rows)]}", ""]
    lines = ["| limit | found | allowed | verdict |", "|---|---|---|---|"]
    for row in sorted(rows, key=lambda row: _FIRST.index(row.verdict)):
        value, limit = _number(row.found.value, row.unit), _number(row.limit, row.unit)
        why = f": {_plain(row.found.why)}" if row.found.why else ""
        lines.append(f"| {_plain(row.name)} | {value} | {limit} | {_MARKS[row.verdict]}{why} |")
    return "\n".join([*head, *lines, ""])


def as_junit(model: str, rows: Sequence[Row]) -> str:
    """A test case for each limit; what is undecided was skipped."""
    counts = {verdict: sum(row.verdict == verdict for row in rows) for verdict in Verdict}
    told = {"tests": len(rows), "failures": counts[Verdict.FAIL], "skipped": counts[Verdict.UNDECIDED]}
    facts = {"name": f"pocketlens verify {model}", **{key: str(count) for key, count in told.items()}}
    suite = ElementTree.Element("testsuite", facts)
    for row in rows:
        case = ElementTree.SubElement(suite, "testcase", classname=f"pocketlens.{model}", name=row.name)
        if row.verdict != Verdict.PASS:
            kind = "failure" if row.verdict == Verdict.FAIL else "skipped"
            ElementTree.SubElement(case, kind, message=row.told())
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _number(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return "-"
    return f"{value:.1%}" if unit == "%" else f"{value:.4g} {unit}".strip()


def _plain(text: str) -> str:
    """Text that a table cell takes as it is."""
    return text.replace("|", "\\|")
