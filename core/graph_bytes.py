"""An ONNX graph put together from its parts, without the onnx package, which the runtime does not have.

A model is a message in whose fields stands its graph, and a weight is a field of the graph. A repeated field may
stand anywhere in its message, so weights are put back by lengthening the graph.
"""

from __future__ import annotations

from collections.abc import Sequence

from .wire import BYTES, as_varint, fields

_GRAPH = 7


def with_weights(model: bytes, weights: Sequence[bytes]) -> bytes:
    """A serialized model, and serialized graphs that hold nothing but weights -> the model with these weights.

    Raises ValueError for bytes that are no model.
    """
    for field in fields(model):
        if field.number == _GRAPH and isinstance(field.value, memoryview):
            parts = [field.value, *weights]
            head = as_varint(_GRAPH << 3 | BYTES) + as_varint(sum(len(part) for part in parts))
            return b"".join([model[: field.start], head, *parts, model[field.stop :]])
    raise ValueError("these bytes are no ONNX model")
