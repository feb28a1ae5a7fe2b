"""ONNX bytes -> a TensorRT plan, by TensorRT 10, 11 or TensorRT for RTX through one code path.

Precision is a property of the graph: TensorRT 11 and RTX know nothing else, and 10 is told so.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from .errors import BadInput, MachineCannot, need

Shape = tuple[int, ...]

FLAVOURS = {"tensorrt": ("tensorrt", "trt"), "rtx": ("tensorrt_rtx", "trt-rtx")}
"""Flavour -> Python module, extra; the first that is usable is `auto`."""


@dataclass(frozen=True)
class Flavour:
    """One TensorRT of this machine."""

    name: str
    module: ModuleType

    @property
    def ahead_of_time(self) -> bool:
        """Whether it builds for compute capabilities that are named, and not for the GPU of this machine."""
        return self.name == "rtx"

    @property
    def network_flags(self) -> int:
        """11 and RTX build strongly typed networks only; 10 must be asked."""
        if self.ahead_of_time or int(self.module.__version__.split(".")[0]) > 10:
            return 0
        return 1 << int(self.module.NetworkDefinitionCreationFlag.STRONGLY_TYPED)


def pick_flavour(name: str) -> Flavour:
    """`tensorrt`, `rtx`, or `auto` for the first that is usable. Raises MachineCannot where it is not installed."""
    reasons = []
    for candidate in FLAVOURS if name == "auto" else [name]:
        module, extra = FLAVOURS[candidate]
        try:
            return Flavour(candidate, need(module, extra))
        except MachineCannot as error:
            reasons.append(str(error))
    raise MachineCannot("; ".join(reasons))


def build_plan(
    graph: bytes, shapes: Mapping[str, Sequence[Shape]], flavour: Flavour, capabilities: Sequence[str] = ()
) -> bytes:
    """Build a serialized plan.

    `shapes` gives each input's least, best served and greatest shape; `capabilities`, like "86", are for
    a flavour that builds ahead of time. Raises BadInput for a graph that TensorRT cannot parse or build
    and for an unknown capability, MachineCannot where TensorRT cannot start.
    """
    trt, log = flavour.module, _make_log(flavour.module)
    try:
        builder = trt.Builder(log)
    except (TypeError, RuntimeError) as error:
        raise MachineCannot(f"TensorRT cannot start here: {log.reason() or error}") from error
    network = builder.create_network(flavour.network_flags)
    parser = trt.OnnxParser(network, log)
    if not parser.parse(graph):
        raise BadInput(f"TensorRT cannot read this graph: {_one_line(parser.get_error(0).desc())}")
    config = builder.create_builder_config()
    profile = builder.create_optimization_profile()
    for name, (least, best, most) in shapes.items():
        profile.set_shape(name, least, best, most)
    config.add_optimization_profile(profile)
    if flavour.ahead_of_time:
        _set_capabilities(trt, config, capabilities)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise BadInput(f"TensorRT cannot build this graph: {log.reason()}")
    return bytes(plan)


def _set_capabilities(trt: ModuleType, config: Any, capabilities: Sequence[str]) -> None:
    known = {name.removeprefix("SM"): name for name in dir(trt.ComputeCapability) if name.startswith("SM")}
    for capability in capabilities:
        if capability not in known:
            listed = ", ".join(sorted(known, key=int))
            raise BadInput(f"TensorRT for RTX cannot build for sm '{capability}'; it builds for {listed}")
    config.num_compute_capabilities = len(capabilities)
    for index, capability in enumerate(capabilities):
        config.set_compute_capability(getattr(trt.ComputeCapability, known[capability]), index)


def _make_log(trt: ModuleType) -> Any:
    """A logger that keeps errors, for the one line a user sees."""

    class Log(trt.ILogger):
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if severity in (trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR):
                self.errors.append(message)

        def reason(self) -> str:
            # Without a GPU every call also complains of the driver; that is not why a build failed.
            telling = [line for line in self.errors if "cudaError 35" not in line]
            return _one_line((telling or self.errors or ["it does not say why"])[0])

    return Log()


def _one_line(message: str) -> str:
    return textwrap.shorten(message, 300, placeholder=" ...")
