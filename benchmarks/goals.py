"""What the models are meant to reach, how near they come, and what would be tried next: a part of `docs/models.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

HEAD = """## What they are meant to reach
Mean PSNR in dB by the tables above: PSNR-Y of upscalers, RGB of interpolators. Goals were set before the trainings that
these models come of, from what papers and public weights reach.
"""
COLUMNS = ("model", "set", "goal", "reached", "", "what was tried, and what would be next")

_GOALS = {
    "fsrcnn-x2": {"Set5": 37.30},
    "fsrcnn-x3": {"Set5": 33.30},
    "fsrcnn-x4": {"Set5": 30.90},
    "sesr-x2": {"Set5": 37.40, "Set14": 32.85},
    "sesr-x4": {"Set5": 30.95},
    "sesr-l-x2": {"Set5": 37.70},
    "sesr-l-x4": {"Set5": 31.40},
    "ifnet-lite": {"middlebury-other": 33.8, "ucf101": 32.2, "davis": 26.5},
}
_NOTES = {
    "fsrcnn-x2": "Trained wide, which gave 0.08 dB; flat for its last 10,000 steps. Larger crops and squared error "
    "gave the plain one nothing; next, a privileged teacher's start for as long, more pictures.",
    "fsrcnn-x3": "The head on x2's body first, then all of it, both wide; next, more steps and more pictures.",
    "sesr-x2": "Twice the steps gave nothing, 6000 without JPEGs 0.02 dB; next, PReLU for ReLU, more pictures.",
    "sesr-l-x2": "24,000 steps, and as many more from there, which gave 0.04 dB: next, more pictures, and larger ones.",
    "ifnet-lite": "Motion first, then pictures, then with halving, then not told the moment, where 2500 steps gave "
    "0.08 dB: next, more of those, and clips that move further.",
}


def rows(models: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """One for each goal of a model that was scored on its set."""
    for model in models:
        metric = "psnr_y" if model["task"] == "upscale" else "psnr_rgb"
        for name, goal in _GOALS.get(model["name"], {}).items():
            if name not in model["scores"]:
                continue
            reached = model["scores"][name]["mean"][metric]
            short = round(goal - reached, 2)
            verdict, note = (f"{short:.2f} short", _NOTES.get(model["name"], "")) if short > 0 else ("reached", "")
            yield [f"`{model['name']}`", name, f"{goal:.2f}", f"{reached:.2f}", verdict, note]
