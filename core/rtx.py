"""What TensorRT for RTX has and no other: plans for several compute capabilities, built without a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from .errors import BadInput


def set_capabilities(trt: ModuleType, config: Any, names: Sequence[str]) -> None:
    """Have a plan built for each of `names`, like "86". Raises BadInput for one that is not built for."""
    capabilities = [capability(trt, name) for name in names]
    config.num_compute_capabilities = len(capabilities)
    for index, one in enumerate(capabilities):
        config.set_compute_capability(one, index)


def capability(trt: ModuleType, name: str) -> Any:
    """A compute capability as TensorRT for RTX knows it; BadInput for one that it does not build for."""
    known = {one.removeprefix("SM"): one for one in dir(trt.ComputeCapability) if one.startswith("SM")}
    if name not in known:
        listed = ", ".join(sorted(known, key=int))
        raise BadInput(f"TensorRT for RTX cannot build for sm '{name}'; it builds for {listed}")
    return getattr(trt.ComputeCapability, known[name])
