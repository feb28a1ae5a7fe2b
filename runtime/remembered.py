"""What `bench --save` measured on this machine, for `auto` to go by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.files import cache_home, write_text
from ..core.manifest import Manifest


def remember(manifest: Manifest, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the frames a second of each row of `bench`, in the place of what was kept of this bundle."""
    speeds = {f"{row['engine']} {row['precision']}": row["fps"] for row in rows}
    write_text(_file(manifest), json.dumps(speeds) + "\n")


def remembered(manifest: Manifest) -> dict[str, float]:
    """`ENGINE PRECISION` -> frames a second; empty where nothing readable is kept."""
    try:
        return json.loads(_file(manifest).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _file(manifest: Manifest) -> Path:
    key = hashlib.sha256(manifest.model_dump_json().encode()).hexdigest()[:24]
    return cache_home() / "speed" / f"{key}.json"
