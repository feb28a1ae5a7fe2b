"""Facts of plans, plans that are only bytes, and graphs that a plan is quickly built of."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import onnx
from bundles import upscaler_graph
from pocketlens.core.plan_facts import PlanFacts, PlanRequest, Profile, write_plan
from pocketlens.export.graph import named
from pocketlens.export.half import half

PLAN = b"a plan, which is code for a GPU"
ON_A_GPU = {"flavour": "tensorrt", "version": "10.3.0", "compute_capabilities": ["87"]}
ON_A_GPU |= {"device": "Orin", "multiprocessors": 16}
AHEAD = {"flavour": "rtx", "version": "1.7.1", "compute_capabilities": ["86", "89"]}


def request(**changes: Any) -> PlanRequest:
    """What is asked for: an RTX plan, unless other facts are given."""
    profile = Profile(min="64x64", opt="360x640", max="1080x1920")
    facts = {**AHEAD, "profile": profile, "source": "sesr.onnx", "source_sha256": "0" * 64}
    return PlanRequest(**{**facts, **changes})


def kept_plan(folder: Path, asked: PlanRequest, plan: bytes = PLAN) -> Path:
    """A plan in a file with facts that are true of it."""
    facts = PlanFacts(**dict(asked), sha256=sha256(plan).hexdigest(), bytes=len(plan), build_seconds=0.5)
    write_plan(folder / "a.plan", plan, facts)
    return folder / "a.plan"


def small_graph(precision: str = "fp16", seed: int = 0) -> bytes:
    """An upscaler of two convolutions, in fp16 or fp32."""
    wide = named(onnx.load_from_string(upscaler_graph(seed=seed)))
    return (half(wide) if precision == "fp16" else wide).SerializeToString()
