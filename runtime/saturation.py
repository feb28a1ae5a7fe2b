"""Whether 8-bit products are summed rightly on this machine.

x86 before VNNI adds the products of bytes in pairs in 16 bits, where two large ones do not fit: they saturate, and
pictures in int8 can be off by any number of grey levels. So an engine shows on a convolution of nothing but the largest
bytes what it makes of them, in a form that it takes for one of a student's.
"""

from __future__ import annotations

from contextlib import closing
from functools import cache

import numpy as np

from ..core.catalog import ENGINES
from ..core.errors import MachineCannot
from . import onnx_wire
from .engine import Engine

_CHANNELS, _SIDE = 16, 16


@cache
def why_not_int8(name: str) -> str | None:
    """Why an engine makes wrong pictures in int8, with the mend; None where it does not, or has none for CPUs."""
    engine: Engine = ENGINES.get(name)
    if "int8" not in engine.speed or engine.reads != "cpu":
        return None
    white = np.full((1, _CHANNELS, _SIDE, _SIDE), 255, np.float32)
    try:
        with closing(engine.load(_model(), 1)) as program:
            made = program.run({"frame": white})["made"]
    except MachineCannot as error:
        return str(error)
    if np.abs(made[:, :, 1:-1, 1:-1] - 255).max() <= 1:
        return None
    return "8-bit sums saturate on this processor, which lacks VNNI, AMX and the like: take fp32 (--precision fp32)"


def _model() -> bytes:
    """A frame of bytes, and the mean of 3x3 pixels of it in all channels, on the largest weights."""
    kernel = np.full((_CHANNELS, _CHANNELS, 3, 3), 127, np.int8)
    steps = np.full(_CHANNELS, 1 / kernel[0].sum(dtype=np.int64), np.float32)
    constants = {
        "step": np.ones((), np.float32),
        "zero": np.zeros((), np.uint8),
        "kernel": kernel,
        "steps": steps,
        "zeros": np.zeros(_CHANNELS, np.int8),
    }
    nodes = [
        onnx_wire.node("QuantizeLinear", ["frame", "step", "zero"], "bytes"),
        onnx_wire.node("DequantizeLinear", ["bytes", "step", "zero"], "restored"),
        onnx_wire.node("DequantizeLinear", ["kernel", "steps", "zeros"], "weights", axis=0),
        onnx_wire.node("Conv", ["restored", "weights"], "mean", pads=[1, 1, 1, 1]),
        onnx_wire.node("Relu", ["mean"], "made"),
    ]
    tensors = [onnx_wire.tensor(name, values) for name, values in constants.items()]
    ends = (onnx_wire.value(name, _CHANNELS) for name in ("frame", "made"))
    return onnx_wire.model(nodes, tensors, *ends)
