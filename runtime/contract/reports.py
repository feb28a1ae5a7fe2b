"""The answers to all limits as JSON, as text, as Markdown and as JUnit's XML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from ...core.verdict import Verdict, overall
from .row import Row, number

_FIRST = [Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS]
_MARKS = {Verdict.PASS: "pass", Verdict.FAIL: "**fail**", Verdict.UNDECIDED: "*undecided*"}


def as_json(model: str, rows: Sequence[Row]) -> dict[str, Any]:
    """The JSON of `verify`."""
    verdict = overall(row.verdict for row in rows)
    return {"model": model, "verdict": str(verdict), "limits": [row.as_json() for row in rows]}


def as_text(rows: Sequence[Row]) -> str:
    """A table for a terminal, and the verdict."""
    width = max(len(row.name) for row in rows)
    lines = [f"{'':{width}} {'found':>12} {'limit':>12}  verdict"]
    for row in rows:
        value, limit = number(row.found.value, row.unit), number(row.limit, row.unit)
        why = f": {row.found.why}" if row.found.why else ""
        lines.append(f"{row.name:{width}} {value:>12} {limit:>12}  {row.verdict}{why}")
    return "\n".join([*lines, f"verdict: {overall(row.verdict for row in rows)}"])


def as_markdown(model: str, rows: Sequence[Row]) -> str:
    """A table for a pull request, what did not pass first."""
    head = [f"### {_plain(model)}: {_MARKS[overall(row.verdict for row in rows)]}", ""]
    lines = ["| limit | found | allowed | verdict |", "|---|---|---|---|"]
    for row in sorted(rows, key=lambda row: _FIRST.index(row.verdict)):
        value, limit = number(row.found.value, row.unit), number(row.limit, row.unit)
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
    return ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True).decode() + "\n"


def _plain(text: str) -> str:
    """Text that a table cell takes as it is."""
    return text.replace("|", "\\|")
