"""ONNX bytes -> a TensorRT plan, by TensorRT 10, 11 or TensorRT for RTX through one code path.

Precision is a property of the graph: TensorRT 11 and RTX know nothing else, and 10 is told so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from types import ModuleType
from typing import Any, Literal

from .errors import BadInput, MachineCannot, need
from .interrupt import interruptibly
from .progress import Advance
from .rtx import make_context, set_capabilities
from .tensorrt_watch import make_log, make_monitor, one_line
from .timing_cache import TimingCache

Shape = tuple[int, ...]
FlavourName = Literal["tensorrt", "rtx"]

FLAVOURS: Mapping[FlavourName, tuple[str, str]] = {
    "tensorrt": ("tensorrt", "trt"),
    "rtx": ("tensorrt_rtx", "trt-rtx"),
}
"""Flavour -> Python module, extra; the first that is usable is `auto`."""


@dataclass(frozen=True)
class Flavour:
    """One TensorRT of this machine."""

    name: FlavourName
    module: ModuleType

    @property
    def version(self) -> str:
        """As TensorRT tells it: a plan is for this one and no other."""
        return self.module.__version__

    @property
    def ahead_of_time(self) -> bool:
        """Whether it builds for compute capabilities that are named, and not for the GPU of this machine."""
        return self.name == "rtx"

    @property
    def network_flags(self) -> int:
        """11 and RTX build strongly typed networks only; 10 must be asked."""
        if self.ahead_of_time or int(self.version.split(".")[0]) > 10:
            return 0
        return 1 << int(self.module.NetworkDefinitionCreationFlag.STRONGLY_TYPED)

    def make_context(self, engine: Any) -> Any:
        """An execution context of a plan that is loaded, without memory of its own; None where it cannot be made."""
        if self.ahead_of_time:
            return make_context(self.module, engine)
        return engine.create_execution_context(self.module.ExecutionContextAllocationStrategy.USER_MANAGED)


def pick_flavour(name: str) -> Flavour:
    """`tensorrt`, `rtx`, or `auto` for the first that is usable. Raises MachineCannot where it is not installed."""
    reasons = []
    for candidate, (module, extra) in FLAVOURS.items():
        if name not in ("auto", candidate):
            continue
        try:
            return Flavour(candidate, need(module, extra))
        except MachineCannot as error:
            reasons.append(str(error))
    raise MachineCannot("; ".join(reasons))


@dataclass(frozen=True)
class Settings:
    """How a plan is built, beyond its graph and the sizes it serves."""

    capabilities: Sequence[str] = ()
    """Like "86", for a flavour that builds ahead of time."""
    workspace_mib: int | None = None
    """The most memory that one layer may ask for; None: as much as there is."""
    dla_core: int | None = None
    """The deep learning accelerator that runs what it can, while the GPU runs the rest; None: the GPU alone."""
    timings: TimingCache | None = None
    """What earlier builds on this GPU have timed; None: every layer is timed anew."""


def build_plan(
    graph: bytes,
    shapes: Mapping[str, Sequence[Shape]],
    flavour: Flavour,
    settings: Settings,
    advance: Advance | None = None,
) -> bytes:
    """Build a serialized plan.

    `shapes` gives each input's least, best served and greatest shape; `advance` is moved on a hundred steps in all.
    Raises BadInput for a graph that TensorRT cannot parse or build and for settings that it does not know,
    MachineCannot where TensorRT cannot start or has no such accelerator. Ctrl-C ends it at TensorRT's next step.
    """
    trt, log, stop = flavour.module, make_log(flavour.module), Event()
    try:
        builder = trt.Builder(log)
    except (TypeError, RuntimeError) as error:
        raise MachineCannot(f"TensorRT cannot start here: {log.reason() or error}") from error
    config = builder.create_builder_config()
    _configure(flavour, builder, config, settings)
    network = builder.create_network(flavour.network_flags)
    parser = trt.OnnxParser(network, log)
    if not parser.parse(graph):
        raise BadInput(f"TensorRT cannot read this graph{_told(parser)}")
    profile = builder.create_optimization_profile()
    for name, (least, best, most) in shapes.items():
        profile.set_shape(name, least, best, most)
    config.add_optimization_profile(profile)
    config.progress_monitor = make_monitor(trt, advance, stop)
    if settings.timings:
        settings.timings.load(config)
    log.forget()
    plan = interruptibly(lambda: builder.build_serialized_network(network, config), stop.set)
    if plan is None:
        reason = log.reason()
        mend = "; a larger --workspace or a smaller --max may do" if "workspace" in reason else ""
        raise BadInput(f"TensorRT cannot build this graph: {reason}{mend}")
    if settings.timings:
        settings.timings.keep(config)
    return bytes(plan)


def _told(parser: Any) -> str:
    """Where a parser failed, and why."""
    error = parser.get_error(0)
    where = " ".join(filter(None, (error.node_operator(), error.node_name())))
    return f"{where and f' at {where}'}: {one_line(error.desc())}"


def _configure(flavour: Flavour, builder: Any, config: Any, settings: Settings) -> None:
    trt = flavour.module
    if flavour.ahead_of_time:
        set_capabilities(trt, config, settings.capabilities)
    if settings.workspace_mib is not None:
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, settings.workspace_mib << 20)
    if settings.dla_core is not None:
        _use_dla(flavour, builder, config, settings.dla_core)


def _use_dla(flavour: Flavour, builder: Any, config: Any, core: int) -> None:
    """Let an accelerator run every layer that it can, and the GPU the others."""
    trt = flavour.module
    cores = builder.num_DLA_cores
    if core >= cores:
        raise MachineCannot(
            f"TensorRT {flavour.version} finds {cores or 'no'} DLA cores here, counted from 0: not {core}"
        )
    config.default_device_type = trt.DeviceType.DLA
    config.DLA_core = core
    config.set_flag(trt.BuilderFlag.GPU_FALLBACK)
