"""What TensorRT for RTX has and no other: plans for several compute capabilities, which the GPU finishes."""

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


def make_context(trt: ModuleType, engine: Any) -> Any:
    """An execution context without memory of its own, which compiles what is best for its sizes before it runs.

    Left to itself it does so beside the work, and a CUDA graph that is captured meanwhile keeps the slower way.
    """
    config = engine.create_runtime_config()
    config.set_execution_context_allocation_strategy(trt.ExecutionContextAllocationStrategy.USER_MANAGED)
    config.dynamic_shapes_kernel_specialization_strategy = trt.DynamicShapesKernelSpecializationStrategy.EAGER
    return engine.create_execution_context(config)
