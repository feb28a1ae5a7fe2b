"""ONNX graphs written field by field: the runtime has no package for that."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.wire import BYTES, as_varint

_KINDS = {"float32": 1, "uint8": 2, "int8": 3}
"""Of tensors, as ONNX numbers them."""
_INT, _INTS = 2, 7
"""Kinds of attributes."""


def model(nodes: Sequence[bytes], tensors: Sequence[bytes], given: bytes, made: bytes) -> bytes:
    """A graph of one input and one output, of operators as opset 18 has them."""
    parts = [*(field(1, node) for node in nodes), field(2, b"graph"), *(field(5, tensor) for tensor in tensors)]
    graph = b"".join([*parts, field(11, given), field(12, made)])
    return number(1, 10) + field(7, graph) + field(8, number(2, 18))


def node(kind: str, inputs: Sequence[str], output: str, **attributes: int | Sequence[int]) -> bytes:
    """One operator."""
    content = b"".join(field(1, name.encode()) for name in inputs) + field(2, output.encode()) + field(4, kind.encode())
    return content + b"".join(field(5, _attribute(name, given)) for name, given in attributes.items())


def _attribute(name: str, given: int | Sequence[int]) -> bytes:
    if isinstance(given, int):
        return field(1, name.encode()) + number(3, given) + number(20, _INT)
    return field(1, name.encode()) + b"".join(number(8, one) for one in given) + number(20, _INTS)


def tensor(name: str, values: np.ndarray) -> bytes:
    """A constant of float32, uint8 or int8."""
    sides = b"".join(number(1, side) for side in values.shape)
    return sides + number(2, _KINDS[values.dtype.name]) + field(8, name.encode()) + field(9, values.tobytes())


def value(name: str, channels: int) -> bytes:
    """An input or output of float32, (1, channels, any, any)."""
    known = [field(1, number(1, side)) for side in (1, channels)]
    sides = b"".join([*known, *(field(1, field(2, b"any")) for _ in range(2))])
    return field(1, name.encode()) + field(2, field(1, number(1, _KINDS["float32"]) + field(2, sides)))


def number(key: int, content: int) -> bytes:
    """A field that holds a whole number."""
    return as_varint(key << 3) + as_varint(content)


def field(key: int, content: bytes) -> bytes:
    """A field that holds a text, a message or a list."""
    return as_varint(key << 3 | BYTES) + as_varint(len(content)) + content
