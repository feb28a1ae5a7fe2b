"""Small pictures, a small teacher and small recipes: a run of a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tomli_w
import torch
from pocketlens.core import checkpoint, picture
from pocketlens.core.catalog import NETWORKS

PLAIN = [{"name": "pixel", "norm": "charbonnier"}]
DISTILLED = [
    {"name": "pixel"},
    {"name": "soft", "weight": 0.5, "alpha": 0.7},
    {"name": "feature", "pairs": {"trunk": "trunk"}},
    {"name": "feature", "kind": "attention", "pairs": {"shallow": "shallow"}},
]


def write_photos(folder: Path, count: int = 9, height: int = 56, width: int = 64) -> Path:
    """Smooth coloured noise with hard edges, each picture its own."""
    rng = np.random.default_rng(count)
    for index in range(count):
        noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        smooth = cv2.GaussianBlur(noise, (0, 0), 3).astype(np.float32)
        smooth = np.rint((smooth - smooth.min()) * 255 / np.ptp(smooth)).astype(np.uint8)
        cv2.circle(smooth, (width // 2, height // 2), 6 + index, (255 - 20 * index, 40, 20 * index), 2)
        picture.write(folder / f"{index}.png", smooth)
    return folder


def write_teacher(folder: Path, name: str = "esrgan", seed: int = 0, **options: Any) -> Path:
    """A checkpoint of a small network with random weights."""
    model = NETWORKS.get(name)
    chosen = model.options(**(options or {"scale": 2, "features": 4, "growth": 2, "blocks": 1}))
    torch.manual_seed(seed)
    checkpoint.save(folder, name, chosen, model.spec(chosen).build())
    return folder


def recipe(photos: Path, teacher: Path | None = None, **changes: Any) -> dict[str, Any]:
    """A recipe for a tiny SESR, plain or, with a teacher, distilled."""
    return {
        "steps": 30,
        "batch": 2,
        "eval_every": 10,
        "student": {"name": "sesr", "channels": 8, "blocks": 1, "width": 16},
        "data": {"train": [str(photos)], "patch": 16},
        "teacher": str(teacher or "none"),
        "loss": DISTILLED if teacher else PLAIN,
        **changes,
    }


def write_recipe(path: Path, content: dict[str, Any]) -> Path:
    """The recipe as a TOML file."""
    path.write_text(tomli_w.dumps(content))
    return path
