"""An ONNX graph put together from its parts, without the onnx package, which the runtime does not have.

An ONNX file is a protocol-buffers message, its fields one after the other, each a tag and a value; the graph is
one of them, and a weight is a field of the graph. A repeated field may stand anywhere in its message, so weights
are put back by lengthening the graph.
"""

from __future__ import annotations

from collections.abc import Sequence

_NUMBER, _BYTES = 0, 2
"""The two kinds of value that the fields of a model have."""
_GRAPH = 7 << 3 | _BYTES


def with_weights(model: bytes, weights: Sequence[bytes]) -> bytes:
    """A serialized model, and serialized graphs that hold nothing but weights -> the model with these weights.

    Raises ValueError for bytes that are no model.
    """
    place = 0
    while place < len(model):
        tag, value = _varint(model, place)
        size, start = _varint(model, value)
        end = start + size if tag & 7 == _BYTES else start
        if tag == _GRAPH and end <= len(model):
            parts = [model[start:end], *weights]
            length = _as_varint(sum(len(part) for part in parts))
            return b"".join([model[:value], length, *parts, model[end:]])
        if tag & 7 not in (_NUMBER, _BYTES):
            break
        place = end
    raise ValueError("these bytes are no ONNX model")


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """The number that starts at `place`, seven bits a byte, and where the next field starts."""
    number = 0
    for shift, byte in enumerate(data[place : place + 10]):
        number |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return number, place + shift + 1
    raise ValueError("these bytes are no ONNX model")


def _as_varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])
