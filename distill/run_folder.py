"""What a training run leaves on disk, so written that a kill at any moment loses nothing but steps."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import torch

from ..core import checkpoint, curves
from ..core.errors import BadInput
from ..core.files import remove_drafts, to_json, write_bytes, write_text
from .fingerprint import Fingerprints
from .recipe import Recipe, load

METRICS, CURVES, SAMPLES, DATA = "metrics.json", "curves.png", "samples.png", "data.json"
_RESULTS = (checkpoint.WEIGHTS, checkpoint.FACTS, METRICS, CURVES, SAMPLES)


class RunFolder:
    """`recipe.toml`, `data.json` (hashes of its pictures), `state.pt` (to resume), `metrics.jsonl` (curves); at the end
    the averaged weights and results.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state_file = path / "state.pt"
        self.recipe_file = path / "recipe.toml"
        self.curves_file = path / curves.CURVES
        self.data_file = path / DATA

    def require_free(self, force: bool) -> None:
        """Raise BadInput when the place holds something already and `force` was not asked for."""
        taken = any(self.path.iterdir()) if self.path.is_dir() else self.path.exists()
        if taken and not force:
            raise BadInput(f"{self.path} exists; go on with --resume, replace it with --force, or choose another --out")

    def require_same(self, recipe: Recipe) -> None:
        """Raise BadInput when there is nothing to resume, or it was made by another recipe."""
        if not self.recipe_file.exists():
            raise BadInput(f"nothing to resume in {self.path}; leave --resume out to start")
        before = load(str(self.recipe_file))
        changed = [key for key in Recipe.model_fields if getattr(before, key) != getattr(recipe, key)]
        if changed:
            raise BadInput(
                f"{self.path} was made by another recipe (its {', '.join(changed)} differ); resume with the same, "
                "or choose another --out"
            )

    def require_same_data(self, data: Fingerprints) -> None:
        """Raise BadInput when it was begun with other pictures; a run that did not record its own takes any."""
        before = self.data_file.read_bytes() if self.data_file.exists() else b""
        changed = [each["name"] for part in data.values() for each in part if each["sha256"].encode() not in before]
        if before and changed:
            raise BadInput(
                f"{self.path} was begun with other pictures than are in {', '.join(changed)} now; resume with the "
                "same, or start again with --force"
            )

    def record_data(self, data: Fingerprints) -> None:
        """Keep what the run learns from."""
        write_text(self.data_file, to_json(data) + "\n")

    def start(self, recipe: Recipe) -> None:
        """Make the folder, without what an earlier run left in it."""
        earlier = [self.state_file, self.curves_file, *(self.path / name for name in _RESULTS)]
        for file in earlier:
            if file.exists():
                file.unlink()
        write_text(self.recipe_file, recipe.dump())

    def save_state(self, state: dict[str, Any]) -> None:
        """Replace the resumable state in one rename."""
        data = io.BytesIO()
        torch.save(state, data)
        write_bytes(self.state_file, data.getbuffer())

    def load_state(self) -> dict[str, Any] | None:
        """The last state, or None before the first. Raises BadInput when it is damaged."""
        if not self.state_file.exists():
            return None
        try:
            return checkpoint.unpickle(self.state_file)
        except BadInput as error:
            raise BadInput(f"{self.state_file} is damaged; start again with --force") from error

    def log(self, row: dict[str, Any]) -> None:
        """Append one row to the curves."""
        with self.curves_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def curves(self) -> list[dict[str, Any]]:
        """The rows so far; a half-written last one is dropped."""
        return curves.read_curves(self.curves_file)

    def tidy(self, step: int) -> None:
        """Before going on from `step`: drop the rows of later steps, and half a state that a kill may have left."""
        remove_drafts(self.state_file)
        rows = [row for row in self.curves() if row["step"] <= step]
        write_text(self.curves_file, "".join(json.dumps(row) + "\n" for row in rows))
