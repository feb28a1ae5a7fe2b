"""The named reference of latency: a small network that never changes, as an ONNX graph written here.

Whatever is timed next to it, in whatever release, is told in the same unit. Four 3x3 convolutions with 16 channels and
ReLU are what students are made of, so a load on the machine, and a faster machine, mean much the same to both. It is
written field by field, as the runtime has no package for that.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...core.catalog import ENGINES
from ...core.wire import BYTES, as_varint
from ..engine import Program

REFERENCE = "four 3x3 convolutions of 16 channels, onnxruntime fp32"
ENGINE = "onnxruntime"
_CHANNELS, _LAYERS = 16, 4
_FLOAT, _INTS = 1, 7
"""Kinds of values and of attributes, as ONNX numbers them."""


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
    nodes = b"".join(_layer(2 * index) for index in range(_LAYERS))
    tensors = b"".join(_field(5, _tensor(f"w{2 * index}", kernel)) for index, kernel in enumerate(weights))
    ends = _field(11, _value("0")) + _field(12, _value(str(2 * _LAYERS)))
    graph = nodes + _field(2, b"reference") + tensors + ends
    return _number(1, 10) + _field(7, graph) + _field(8, _number(2, 18))


def _layer(start: int) -> bytes:
    """A convolution and ReLU; values go by numbers."""
    pads = _field(1, b"pads") + b"".join(_number(8, 1) for _ in range(4)) + _number(20, _INTS)
    convolution = _node("Conv", [str(start), f"w{start}"], str(start + 1)) + _field(5, pads)
    return _field(1, convolution) + _field(1, _node("Relu", [str(start + 1)], str(start + 2)))


def _node(kind: str, inputs: list[str], output: str) -> bytes:
    taken = b"".join(_field(1, name.encode()) for name in inputs)
    return taken + _field(2, output.encode()) + _field(4, kind.encode())


def _tensor(name: str, values: np.ndarray) -> bytes:
    sides = b"".join(_number(1, side) for side in values.shape)
    return sides + _number(2, _FLOAT) + _field(8, name.encode()) + _field(9, values.tobytes())


def _value(name: str) -> bytes:
    sides = b"".join(_field(1, _number(1, side) if side else _field(2, b"any")) for side in (1, _CHANNELS, 0, 0))
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, _FLOAT) + _field(2, sides)))


def _number(field: int, value: int) -> bytes:
    return as_varint(field << 3) + as_varint(value)


def _field(field: int, content: bytes) -> bytes:
    return as_varint(field << 3 | BYTES) + as_varint(len(content)) + content
