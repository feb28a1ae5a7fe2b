"""What `bench --save` measured on this machine, for `auto` to go by."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from ..core.errors import MachineCannot
from ..core.facts import Label, Positive, Strict
from ..core.files import cache_home, write_text
from ..core.manifest import Manifest

_MOST_NOISE = 0.1
"""Above that it is chance which of two ways comes out as the faster."""


class Speed(Strict):
    """How fast an engine was in one precision."""

    fps: Positive
    version: Label
    """The engine's: another one may be faster, or slower."""


class _Saved(Strict):
    """What was measured alike, and so can be compared."""

    size: Label
    threads: Annotated[int, Field(ge=1)]
    speeds: dict[str, Speed]


def remember(manifest: Manifest, result: Mapping[str, Any]) -> None:
    """Keep how fast each row of `bench` is. Rows of other ways, saved at the same size and threads, stay.

    Raises MachineCannot where the measurement is too noisy to go by, BadInput where it cannot be written.
    """
    noise, rows = result["noise"], result["rows"]
    if noise > _MOST_NOISE:
        raise MachineCannot(
            f"not saved: a noise of {noise:.1%} is more than the {_MOST_NOISE:.0%} that auto can go by; measure again "
            "with nothing else running, with more --rounds, or a larger --size"
        )
    now = _saved(rows)
    before = _read(manifest)
    kept = before.speeds if before and (before.size, before.threads) == (now.size, now.threads) else {}
    write_text(place(manifest), now.model_copy(update={"speeds": {**kept, **now.speeds}}).model_dump_json() + "\n")


def remembered(manifest: Manifest) -> Mapping[str, Speed]:
    """`ENGINE PRECISION` -> its speed; empty where nothing sound is kept."""
    saved = _read(manifest)
    return saved.speeds if saved else {}


def place(manifest: Manifest) -> Path:
    """The file that it is kept in."""
    key = hashlib.sha256(manifest.model_dump_json().encode()).hexdigest()[:24]
    return cache_home() / "speed" / f"{key}.json"


def _saved(rows: Sequence[Mapping[str, Any]]) -> _Saved:
    speeds = {f"{row['engine']} {row['precision']}": Speed(fps=row["fps"], version=row["version"]) for row in rows}
    return _Saved(size=rows[0]["size"], threads=rows[0]["threads"], speeds=speeds)


def _read(manifest: Manifest) -> _Saved | None:
    try:
        return _Saved.model_validate_json(place(manifest).read_bytes())
    except (OSError, ValueError):
        return None
