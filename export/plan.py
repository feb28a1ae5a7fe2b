"""ONNX bytes -> a TensorRT plan, by TensorRT 10, 11 or TensorRT for RTX through one code path.

Precision is a property of the graph: TensorRT 11 and RTX know nothing else, and 10 is told so.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import onnx

from ..core.errors import BadInput, MachineCannot, need
from .graph import array, constants

MODULES = {"tensorrt": ("tensorrt", "trt"), "rtx": ("tensorrt_rtx", "trt-rtx")}
"""Flavour -> Python module, extra."""


@dataclass(frozen=True)
class Profile:
    """(height, width) in pixels: the least, the best served and the most."""

    least: tuple[int, int]
    best: tuple[int, int]
    most: tuple[int, int]


def pick_flavour(flavour: str) -> tuple[str, ModuleType]:
    """`tensorrt`, `rtx`, or `auto` for the first that is usable -> its name and module."""
    if flavour != "auto":
        module, extra = MODULES[flavour]
        return flavour, need(module, extra)
    reasons = []
    for name, (module, extra) in MODULES.items():
        try:
            return name, need(module, extra)
        except MachineCannot as error:
            reasons.append(str(error))
    raise MachineCannot("no TensorRT here: " + "; ".join(reasons))


def require_fit(model: onnx.ModelProto, name: str) -> None:
    """Raise BadInput for a graph that TensorRT refuses or reads wrongly: int8 made for a CPU."""
    tensors = constants(model.graph)
    for node in model.graph.node:
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            continue
        zero = tensors.get(node.input[2]) if len(node.input) > 2 else None
        unfit = zero is not None and (array(zero).dtype != np.int8 or np.any(array(zero)))
        if unfit or _int32_bias(node, tensors):
            raise BadInput(
                f"{name} is int8 made for a CPU, which TensorRT refuses or reads wrongly; make the right one with: "
                "pocketlens export onnx MODEL -o FILE.onnx --precision int8 --for tensorrt"
            )


def _int32_bias(node: onnx.NodeProto, tensors: dict[str, onnx.TensorProto]) -> bool:
    source = tensors.get(node.input[0])
    return source is not None and source.data_type == onnx.TensorProto.INT32


def build_plan(graph: bytes, profile: Profile, trt: ModuleType, rtx: bool, targets: list[str]) -> bytes:
    """Build a serialized plan.

    `targets` are compute capabilities like "86", for RTX only; the full TensorRT builds for the GPU
    of this machine. Raises BadInput for a graph TensorRT cannot parse or build, MachineCannot where
    TensorRT cannot start.
    """
    log = _make_log(trt)
    try:
        builder = trt.Builder(log)
    except (TypeError, RuntimeError) as error:
        raise MachineCannot(f"TensorRT cannot start here: {log.reason() or error}") from error
    network = builder.create_network(_network_flags(trt, rtx))
    parser = trt.OnnxParser(network, log)
    if not parser.parse(graph):
        raise BadInput(f"TensorRT cannot read this graph: {parser.get_error(0).desc().splitlines()[0]}")
    config = builder.create_builder_config()
    config.add_optimization_profile(_shape_profile(builder, network, profile))
    if rtx:
        config.num_compute_capabilities = len(targets)
        for index, target in enumerate(targets):
            config.set_compute_capability(_capability(trt, target), index)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise BadInput(f"TensorRT cannot build this graph: {log.reason()}")
    return bytes(plan)


def _network_flags(trt: ModuleType, rtx: bool) -> int:
    # 11 and RTX have no other kind of network; 10 must be asked.
    if rtx or int(trt.__version__.split(".")[0]) > 10:
        return 0
    return 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)


def _capability(trt: ModuleType, target: str) -> Any:
    found = getattr(trt.ComputeCapability, f"SM{target}", None)
    if found is None:
        known = sorted(int(name[2:]) for name in dir(trt.ComputeCapability) if name.startswith("SM"))
        raise BadInput(f"TensorRT for RTX cannot build for sm {target}; it builds for {', '.join(map(str, known))}")
    return found


def _shape_profile(builder: Any, network: Any, profile: Profile) -> Any:
    shapes = builder.create_optimization_profile()
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        known = tuple(tensor.shape)
        pixels_last = known[-1] == 3
        sizes = [(1, *size, 3) if pixels_last else (1, known[1], *size) for size in (profile.least, profile.best, profile.most)]
        shapes.set_shape(tensor.name, *sizes)
    return shapes


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
            return " ".join((telling or self.errors or [""])[0].split())[:300]

    return Log()
