"""What this machine's processor offers to small networks, and the most that it can compute."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import MachineCannot, need
from .engines.openvino import core, settings

_TELLING = {"avx2", "fma", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16", "i8mm"}
_CPUINFO = Path("/proc/cpuinfo")
_TRIES = 12
_MAP = 4 << 20
"""Bytes: a map of 16 channels of 640x360 in int8 has about as many, and no core's own cache holds two."""
_OFTEN = 4
"""Copies of a thread at a time, next to which waking it costs little."""


@dataclass(frozen=True)
class Machine:
    """The most that a machine gives, measured."""

    operations: Mapping[str, float]
    """`fp32` and `int8` -> operations a second."""
    bandwidth: float
    """Bytes a second, read and written."""


def processor_features() -> list[str]:
    """The instruction sets here that int8 and bf16 networks profit from; empty where the system does not say."""
    return [name for name in _told("flags", "features").split() if name in _TELLING]


def processor_name() -> str:
    """What the processor calls itself, and its family, model and stepping, or at least its architecture."""
    name = _told("model name") or platform.processor() or platform.machine() or "unknown"
    family = "-".join(filter(None, map(_told, ("cpu family", "model\t", "stepping"))))
    return " ".join(f"{name} {family}".split())


def _told(*keys: str) -> str:
    """The system's word on the first core, by the first key that it knows; empty where it says nothing."""
    lines = _CPUINFO.read_text(encoding="utf-8").splitlines() if _CPUINFO.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.lower().startswith(keys)), "")


def measure(threads: int) -> Machine | None:
    """The most that this machine gives to so many threads; None without OpenVINO, by which `peak` is measured."""
    peaks = {kind: most for kind in ("fp32", "int8") if (most := peak(kind, threads))}
    return Machine(peaks, bandwidth(threads)) if peaks else None


def most(*measured: Machine | None) -> Machine | None:
    """The most of several measurements of one machine, which gave less in those that something disturbed."""
    found = [one for one in measured if one]
    if not found:
        return None
    kinds = found[0].operations
    peaks = {kind: max(one.operations[kind] for one in found) for kind in kinds}
    return Machine(peaks, max(one.bandwidth for one in found))


def peak(precision: str, threads: int) -> float | None:
    """Operations a second (a multiply-add is two) of a stack of large convolutions, in fp32 or int8.

    The convolutions (128 channels, 3x3, 64x64 px) are big enough to keep every multiplier busy, so this
    is what `bench` holds a network against. fp16 graphs compute in fp32 on a CPU. Measured through
    OpenVINO, the one engine that builds a graph without the onnx package; None where it is missing.
    """
    try:
        need("openvino", "openvino")
    except MachineCannot:
        return None
    channels, side, layers = 128, 64, 4
    model = _convolutions(precision == "int8", channels, side, layers)
    request = core().compile_model(model, "CPU", settings(threads)).create_infer_request()
    # What happens to lie in new memory may be numbers near zero, with which processors are many times slower.
    request.get_input_tensor().data[:] = 0.5
    return 2 * layers * (channels * side * 3) ** 2 / _fastest(request.infer)


def bandwidth(threads: int) -> float:
    """Bytes a second, read and written, of threads that each copy a map of 4 MiB, which is what layers pass on.

    Maps of this size stay in the last cache where it is large, so this is more than the memory itself gives: what a
    network is held against must be the most that it could have.
    """
    pairs = [(np.zeros(_MAP, np.uint8), np.ones(_MAP, np.uint8)) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:

        def copy() -> None:
            list(pool.map(_copy_often, pairs))

        return 2 * _OFTEN * _MAP * threads / _fastest(copy)


def _copy_often(pair: tuple[np.ndarray, np.ndarray]) -> None:
    for _ in range(_OFTEN):
        np.copyto(*pair)


def _fastest(call: Callable[[], object]) -> float:
    """Seconds of the fastest of some calls: a machine gives its most when nothing disturbs it."""
    seconds = []
    for _ in range(_TRIES):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _convolutions(int8: bool, channels: int, side: int, layers: int) -> Any:
    openvino = need("openvino", "openvino")
    ops = need("openvino.opset13", "openvino")

    def quantized(x: Any) -> Any:
        low, high = np.float32(0), np.float32(2.55)
        return ops.fake_quantize(x, low, high, low, high, 256) if int8 else x

    frame = ops.parameter([1, channels, side, side], np.float32)
    whole_numbers = np.random.default_rng(0).integers(-127, 128, (channels, channels, 3, 3), np.int8)
    kernel = ops.constant(whole_numbers) if int8 else ops.constant(whole_numbers.astype(np.float32))
    x = frame
    for _ in range(layers):
        weight = ops.multiply(ops.convert(kernel, "f32"), np.float32(1e-4))
        x = ops.relu(ops.convolution(quantized(x), weight, [1, 1], [1, 1], [1, 1], [1, 1]))
    return openvino.Model([x], [frame])
