"""What a training run leaves on disk, so written that a kill at any moment loses nothing but steps."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..core import checkpoint
from ..core.errors import BadInput
from ..core.files import whole, write_text
from .recipe import Recipe, check


class RunFolder:
    """`recipe.toml`, `state.pt` (to resume), `metrics.jsonl` (curves), and the averaged weights."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state_file = path / "state.pt"
        self.recipe_file = path / "recipe.toml"
        self.curves_file = path / "metrics.jsonl"

    def start(self, recipe: Recipe) -> None:
        """Make the folder; raises BadInput when it holds something already."""
        if self.path.exists() and any(self.path.iterdir()):
            raise BadInput(f"{self.path} exists; continue it with --resume, or choose another --out")
        self.path.mkdir(parents=True, exist_ok=True)
        write_text(self.recipe_file, recipe.dump())

    def require_same(self, recipe: Recipe) -> None:
        """Raise BadInput when the folder was made by another recipe."""
        import tomllib

        if not self.recipe_file.exists():
            raise BadInput(f"nothing to resume in {self.path}; leave --resume out to start")
        raw = tomllib.loads(self.recipe_file.read_text(encoding="utf-8"))
        if check(raw, str(self.recipe_file)) != recipe:
            raise BadInput(f"{self.path} was made by another recipe; resume with the same recipe and --set, or choose another --out")

    def save_state(self, state: dict[str, Any]) -> None:
        """Replace the resumable state in one rename."""
        with whole(self.state_file) as draft:
            torch.save(state, draft)

    def load_state(self) -> dict[str, Any] | None:
        """The last state, or None before the first."""
        if not self.state_file.exists():
            return None
        return torch.load(self.state_file, map_location="cpu", weights_only=True)

    def save_weights(self, name: str, options: Any, network: nn.Module) -> None:
        """Write the checkpoint beside the state."""
        checkpoint.save(self.path, name, options, network)

    def log(self, row: dict[str, Any]) -> None:
        """Append one row to the curves."""
        with open(self.curves_file, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def curves(self) -> list[dict[str, Any]]:
        """The rows so far; a half-written last one is dropped."""
        rows = []
        if self.curves_file.exists():
            for line in self.curves_file.read_text(encoding="utf-8").splitlines():
                try:
                    rows.append(json.loads(line))
                except ValueError:
                    break
        return rows

    def forget_after(self, step: int) -> None:
        """Drop rows of steps that will be done again."""
        rows = [row for row in self.curves() if row["step"] <= step]
        write_text(self.curves_file, "".join(json.dumps(row) + "\n" for row in rows))
