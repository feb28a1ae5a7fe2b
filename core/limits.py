"""What a model may lose before `verify` says no: the `[limits]` of a recipe, sealed in the bundle."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .facts import NotNegative, Positive, Strict

LATENCY = 0.10
"""Slow-down that must not pass, as a share."""
GAPS = {"upscale": 0.10, "interpolate": 0.15}
"""dB that a precision may lose against fp32, by task, where the owner says nothing."""


class Limits(Strict):
    """All count from what was sealed, but `gap`, which counts from fp32 on the same pictures, and `tiled`."""

    psnr: NotNegative = 0.03
    """dB that the mean over the pictures of a set may lose."""
    brightness: NotNegative = 0.1
    """Grey levels that pictures may become brighter or darker; this and the next three are means over a set, too."""
    checkerboard: NotNegative = 0.1
    """Grey levels that the index may grow."""
    banding: NotNegative = 0.1
    """Grey levels that the index may grow."""
    flicker: NotNegative = 0.1
    """Grey levels that the index may grow."""
    worst: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 10.0
    """How many times as much any one picture may lose."""
    gap: NotNegative | None = None
    """dB that fp16 and int8 may lose against fp32; None: `GAPS`."""
    tiled: NotNegative = 1.0
    """Grey levels by which any pixel of a tiled picture may differ from that of the whole one."""
    odd_sizes: NotNegative = 1.0
    """Grey levels by which what is made of frames of odd sides may be further off, in the mean of the worst size."""
    latency: Positive = LATENCY
    """Slow-down, as a share."""
    memory: NotNegative = 0.5
    """Growth of the peak memory, as a share."""

    def of_task(self, task: str) -> Limits:
        """With the task's own `gap` where none is stated."""
        return self if self.gap is not None else self.model_copy(update={"gap": GAPS[task]})
