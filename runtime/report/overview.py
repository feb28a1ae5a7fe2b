"""The models side by side, and what each is held to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ...core.html import Html, element, join, table
from ...core.verdict import Verdict
from ..contract.row import Row, number
from .model import Facts
from .quality import gap_to_fp32, headline, scored_sets

_FIRST = [Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS]


def overview(found: Sequence[Facts]) -> Html:
    """A column for each model."""
    named = list(dict.fromkeys(name for facts in found for name in scored_sets(facts)))
    rows = {
        "verdict": _verdict,
        "what it does": _task,
        "parameters": lambda facts: f"{facts.model.manifest.parameters:,}",
        "multiply-adds a pixel": lambda facts: f"{facts.model.manifest.macs_per_pixel:,.0f}",
        "size of its files": lambda facts: f"{sum(map(len, facts.model.bundle.files.values())) / 1e6:.2f} MB",
        **{f"{name}, PSNR": lambda facts, name=name: headline(facts, name) for name in named},
        "int8 below fp32, at most": gap_to_fp32,
        "fastest here": _fastest,
        "memory": _memory,
    }
    lines = [[label, *(tell(facts) for facts in found)] for label, tell in rows.items()]
    return table("The models at a glance", ["", *(facts.model.label for facts in found)], lines, cards=len(found) > 1)


def limits(facts: Facts) -> Html:
    """The answer to each limit, what did not pass first and why."""
    rows = sorted(facts.examined.rows, key=lambda row: _FIRST.index(row.verdict))
    counts = Counter(row.verdict for row in rows)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in _FIRST if counts[verdict])
    passed = [row for row in rows if row.verdict == Verdict.PASS]
    others = rows[: len(rows) - len(passed)]
    parts = [element("p", _verdict(facts), f" {told}.")]
    if others:
        parts += [_table("What did not pass", others), _reasons(others)]
    if passed:
        within = join(_table("What passed", passed), _reasons(passed))
        shut = element("details", element("summary", f"the {len(passed)} that passed"), within)
        parts.append(shut if others else within)
    return join(*parts)


def _table(caption: str, rows: Sequence[Row]) -> Html:
    lines = [
        [row.name, badge(row.verdict), number(row.found.value, row.unit), number(row.limit, row.unit)] for row in rows
    ]
    return table(caption, ["limit", "verdict", "found", "allowed"], lines, cards=True)


def _reasons(rows: Sequence[Row]) -> Html:
    """What there is to say beyond the numbers, each thing once."""
    named: dict[str, list[str]] = {}
    for row in rows:
        if row.found.why:
            named.setdefault(row.found.why, []).append(row.name)
    told = [element("li", _and_more(names), ": ", why) for why, names in named.items()]
    return element("ul", *told, class_="quiet") if told else Html()


def _and_more(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def badge(verdict: Verdict) -> Html:
    """An answer that can be told apart without colours."""
    return element("span", str(verdict), class_=f"verdict {verdict}")


def _verdict(facts: Facts) -> Html:
    return badge(facts.verdict)


def _task(facts: Facts) -> str:
    manifest = facts.model.manifest
    if manifest.task != "upscale":
        return "frames in between"
    return f"upscales {'' if manifest.degradation == 'bicubic' else 'worn pictures '}by {manifest.scale}"


def _fastest(facts: Facts) -> str:
    best = min(facts.speed["rows"], key=lambda row: row["p50_ms"])
    return f"{best['p50_ms']:.1f} ms for {best['size']}, {best['engine']} {best['precision']}"


def _memory(facts: Facts) -> str:
    if not facts.memory:
        return "not known"
    (engine, precision), mib = min(facts.memory.items(), key=lambda item: item[1])
    return f"{mib:.0f} MiB, {engine} {precision}"
