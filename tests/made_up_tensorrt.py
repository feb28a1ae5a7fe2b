"""A TensorRT 10 or 11 that builds nothing, for machines without a GPU: it keeps what it was asked, and gives a plan."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from types import SimpleNamespace
from typing import Any

PLAN = b"a plan for this GPU"


class MemoryPoolType(IntEnum):
    WORKSPACE = 0


class DeviceType(IntEnum):
    GPU = 0
    DLA = 1


class BuilderFlag(IntEnum):
    GPU_FALLBACK = 3


class NetworkDefinitionCreationFlag(IntEnum):
    STRONGLY_TYPED = 1


class ILogger:
    class Severity(IntEnum):
        INTERNAL_ERROR = 0
        ERROR = 1


class IProgressMonitor:
    pass


class ITimingCache:
    def __init__(self, timings: bytes) -> None:
        self.timings = timings

    def serialize(self) -> bytes:
        return b"timed"


class IBuilderConfig:
    """As it comes, and what was set."""

    default_device_type = DeviceType.GPU
    DLA_core = -1
    progress_monitor: Any = None

    def __init__(self) -> None:
        self.flags: set[BuilderFlag] = set()
        self.pools: dict[MemoryPoolType, int] = {}
        self.profiles: list[dict[str, Any]] = []
        self.cache: ITimingCache | None = None

    def set_flag(self, flag: BuilderFlag) -> None:
        self.flags.add(flag)

    def set_memory_pool_limit(self, pool: MemoryPoolType, pool_size: int) -> None:
        self.pools[pool] = pool_size

    def add_optimization_profile(self, profile: IOptimizationProfile) -> int:
        self.profiles.append(profile.shapes)
        return 0

    def create_timing_cache(self, serialized_timing_cache: bytes) -> ITimingCache:
        return ITimingCache(serialized_timing_cache)

    def set_timing_cache(self, cache: ITimingCache, ignore_mismatch: bool) -> bool:
        if ignore_mismatch or cache.timings not in (b"", b"timed"):
            return False
        self.cache = cache
        return True

    def get_timing_cache(self) -> ITimingCache | None:
        return self.cache


class IOptimizationProfile:
    def __init__(self) -> None:
        self.shapes: dict[str, Any] = {}

    def set_shape(self, input: str, min: Any, opt: Any, max: Any) -> None:
        self.shapes[input] = min, opt, max


class OnnxParser:
    def __init__(self, network: Any, logger: Any) -> None:
        pass

    def parse(self, model: bytes) -> bool:
        return True


def made_up(
    version: str = "10.3.0", dla_cores: int = 0, build: Callable[[IBuilderConfig], bytes | None] = lambda _: PLAN
) -> Any:
    """A module `tensorrt`; `module.built` lists the flags of each network that was built, and its configuration."""
    built: list[tuple[int, IBuilderConfig]] = []

    class Builder:
        num_DLA_cores = dla_cores

        def __init__(self, logger: Any) -> None:
            pass

        def create_network(self, flags: int) -> int:
            return flags

        def create_builder_config(self) -> IBuilderConfig:
            return IBuilderConfig()

        def create_optimization_profile(self) -> IOptimizationProfile:
            return IOptimizationProfile()

        def build_serialized_network(self, network: int, config: IBuilderConfig) -> bytes | None:
            built.append((network, config))
            return build(config)

    kinds = [MemoryPoolType, DeviceType, BuilderFlag, NetworkDefinitionCreationFlag, ILogger, IProgressMonitor]
    names = {kind.__name__: kind for kind in [*kinds, OnnxParser, Builder]}
    return SimpleNamespace(__version__=version, built=built, **names)
