"""Sizes of pictures on a command line."""

from __future__ import annotations

from ..core.errors import BadInput


def parse_size(text: str) -> tuple[int, int]:
    """`HxW` -> height and width in pixels; raises BadInput for anything else."""
    height, _, width = text.lower().partition("x")
    if not (height.isdigit() and width.isdigit() and int(height) and int(width)):
        raise BadInput(f"--size {text}: give height x width, such as 360x640")
    return int(height), int(width)
