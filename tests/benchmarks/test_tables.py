"""docs/performance.md says what was measured, and by which command."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tables import PAGE, RESULTS, TABLES, renewed, table

TIMES = {"p50_ms": 1.0, "p95_ms": 2.0, "p99_ms": 3.0}
FLOORS = {"arithmetic_floor_ms": 0.5, "times_arithmetic_floor": 2.0, "floor_ms": 0.8, "times_floor": 1.25}
FOUND = {
    "against_peers": {"noise": 0.02, "rows": {"other": TIMES, "same": {**TIMES, "error": 1e-5, "psnr": 99.0}}},
    "floor": {"threads": 2, "AVX512-VNNI": {"networks": {"16 channels": {**TIMES, **FLOORS}}}},
    "steps": {"networks": {"n int8": {"noise": 0.01, "rows": {"as exported": TIMES, "better": TIMES}}}},
    "sizes": {"rows": [{"size": "64x64", **TIMES, "ns_a_pixel": 24.4, "peak_mib": None}]},
    "gpu": {
        "device": "Some GPU",
        "results": [
            {"model": "m", "size": "1x1", "rows": [{"way": "w", "from": "host", **TIMES, **FLOORS, "psnr": None}]}
        ],
    },
}


def test_the_page_has_every_table_as_the_results_say():
    page = PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"<!-- (\w+) -->", page)) == {*TABLES, "end"}
    assert renewed(page) == page, "run python benchmarks/tables.py"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_its_figures_and_the_command_that_took_them(name: str, tmp_path: Path):
    (tmp_path / f"{name}.json").write_text(json.dumps(FOUND[name]))
    made = table(name, tmp_path)
    lines = [line for line in made.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1 and len(lines) >= 3
    assert "| 1.0" in made and f"benchmarks/{name}.py" in made


def test_what_has_no_results_says_how_to_get_them(tmp_path: Path):
    assert table("gpu", tmp_path) == "*Not measured yet: `python benchmarks/gpu.py` does.*\n"


def test_the_same_network_stands_before_others(tmp_path: Path):
    (tmp_path / "against_peers.json").write_text(json.dumps(FOUND["against_peers"]))
    made = table("against_peers", tmp_path)
    assert made.index("same") < made.index("other") and "noise 2.0%" in made


def test_every_result_that_was_committed_has_a_command():
    named = {path.stem.partition("-")[0] for path in RESULTS.glob("*.json")}
    scripts = {path.stem for path in RESULTS.parent.glob("*.py")}
    assert named <= scripts
