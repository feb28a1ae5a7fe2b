"""The named reference of latency: a small network that never changes, as an ONNX graph written here.

Whatever is timed next to it, in whatever release, is told in the same unit. Four 3x3 convolutions with 16 channels and
ReLU are what students are made of, so a load on the machine, and a faster machine, mean much the same to both.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...core.catalog import ENGINES
from .. import onnx_wire
from ..engine import Program

REFERENCE = "four 3x3 convolutions of 16 channels, onnxruntime fp32"
ENGINE = "onnxruntime"
_CHANNELS, _LAYERS = 16, 4


def open_reference(threads: int, height: int, width: int) -> tuple[Program, Callable[[], object]]:
    """The reference, to be closed, and a call of it on noise of that size."""
    program = ENGINES.get(ENGINE).load(_model(), threads)
    feeds = {"0": np.random.default_rng(0).random((1, _CHANNELS, height, width), np.float32)}
    out = {str(2 * _LAYERS): np.empty_like(feeds["0"])}
    return program, lambda: program.run(feeds, out)


def _model() -> bytes:
    random = np.random.default_rng(0)
    shape = (_CHANNELS, _CHANNELS, 3, 3)
    weights = random.normal(0, (2 / (9 * _CHANNELS)) ** 0.5, (_LAYERS, *shape)).astype(np.float32)
    nodes = [made for index in range(_LAYERS) for made in _layer(2 * index)]
    tensors = [onnx_wire.tensor(f"w{2 * index}", kernel) for index, kernel in enumerate(weights)]
    ends = (onnx_wire.value(name, _CHANNELS) for name in ("0", str(2 * _LAYERS)))
    return onnx_wire.model(nodes, tensors, *ends)


def _layer(start: int) -> tuple[bytes, bytes]:
    """A convolution and ReLU; values go by numbers."""
    read, between, made = (str(start + place) for place in range(3))
    convolution = onnx_wire.node("Conv", [read, f"w{read}"], between, pads=[1, 1, 1, 1])
    return convolution, onnx_wire.node("Relu", [between], made)
