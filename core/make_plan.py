"""A TensorRT plan as it is asked for, and its facts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from .errors import BadInput
from .gpu import first_gpu
from .plan_facts import PlanFacts, PlanRequest, Profile, Size
from .progress import Advance
from .rtx import capability
from .tensorrt_plan import Flavour, Settings, Shape, build_plan
from .timing_cache import TimingCache


def request_plan(
    flavour: Flavour,
    sizes: Sequence[Size],
    source: str,
    source_sha256: str,
    capabilities: Sequence[str] = (),
    workspace_mib: int | None = None,
    dla_core: int | None = None,
) -> PlanRequest:
    """What is to be built for the smallest, the best and the largest of `sizes`.

    `capabilities` are for a flavour that builds ahead of time; the others build for the GPU of this machine, and
    raise MachineCannot where there is none. BadInput for one that the flavour does not build for.
    """
    if flavour.ahead_of_time and dla_core is not None:
        raise BadInput("TensorRT for RTX has no deep learning accelerator; leave --dla out, or take --flavour tensorrt")
    gpu = None if flavour.ahead_of_time else first_gpu()
    for name in [] if gpu else capabilities:
        capability(flavour.module, name)
    return PlanRequest(
        flavour=flavour.name,
        version=flavour.version,
        compute_capabilities=[gpu.compute_capability] if gpu else list(capabilities),
        device=gpu and gpu.name,
        multiprocessors=gpu and gpu.multiprocessors,
        profile=Profile.of(sizes),
        source="".join(one if one.isprintable() else "?" for one in source)[:255],
        source_sha256=source_sha256,
        workspace_mib=workspace_mib,
        dla_core=dla_core,
    )


def make_plan(
    graph: bytes,
    shapes: Mapping[str, Sequence[Shape]],
    flavour: Flavour,
    request: PlanRequest,
    timings: Path | None = None,
    advance: Advance | None = None,
) -> tuple[bytes, PlanFacts]:
    """Build what was requested by `request_plan`; gives the plan and its facts. Raises what `build_plan` raises.

    What was timed on a GPU is kept in the file `timings`, and built from the next time.
    """
    cache = TimingCache(timings) if timings and not flavour.ahead_of_time else None
    settings = Settings(request.compute_capabilities, request.workspace_mib, request.dla_core, cache)
    began = time.monotonic()
    plan = build_plan(graph, shapes, flavour, settings, advance)
    return plan, PlanFacts(
        **dict(request),
        sha256=sha256(plan).hexdigest(),
        bytes=len(plan),
        build_seconds=round(time.monotonic() - began, 2),
        driver=None if flavour.ahead_of_time else first_gpu().driver,
        timing_cache=cache.state if cache else "none",
    )
