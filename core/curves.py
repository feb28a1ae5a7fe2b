"""The curves of a training run: one row of JSON for each look at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CURVES = "metrics.jsonl"


def read_curves(file: Path) -> list[dict[str, Any]]:
    """The rows so far; what follows a half-written one is dropped, and a file that is missing has none."""
    rows = []
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                break
            if not isinstance(row, dict):
                break
            rows.append(row)
    return rows
