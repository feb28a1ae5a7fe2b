"""What an ONNX graph by a stranger may be, looked up in its bytes before an engine sees them.

A graph is flat and complete: operators of ONNX itself, on tensors whose values are in it. Refused is what would read
other files or memory, go round without end, or claim more than is there, and numbers that bring an engine down.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .wire import fields, signed, varint

MOST_NODES = 4000
"""Engines take a minute to load a long chain of this many."""
_MOST_SIDES = 16
_LARGEST_STEP = 1 << 12
_VALUES_IN_A_BYTE = 4
"""The smallest kind of number in ONNX has two bits."""

_Message = Mapping[int, Sequence[int | memoryview]]

_KNOWN = {
    "model": {1, 2, 3, 4, 5, 6, 7, 8, 14},
    "graph": {1, 2, 5, 10, 11, 12, 13, 14, 16},
    "node": {1, 2, 3, 4, 5, 6, 7, 9},
    "attribute": {1, 2, 3, 4, 5, 7, 8, 9, 13, 20},
    "tensor": {1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 14, 16},
    "value": {1, 2, 3, 4},
    "type": {1, 6},
    "tensor type": {1, 2},
    "shape": {1},
    "side": {1, 2, 3},
}
"""Message -> the fields that it may have, as onnx.proto numbers them."""
_REFUSED = {
    ("model", 20): "steps of training",
    ("model", 25): "functions of its own",
    ("graph", 15): "sparse weights",
    ("attribute", 6): "a graph within the graph",
    ("attribute", 11): "graphs within the graph",
    ("attribute", 22): "a sparse tensor",
    ("attribute", 23): "sparse tensors",
    ("tensor", 6): "a tensor of texts",
    ("tensor", 13): "a tensor whose values are outside its file",
}
"""The other fields that have a name for the user."""
_VALUES = (4, 5, 7, 9, 10, 11)
"""The fields of a tensor that hold its values."""
_COUNTS = (b"blocksize", b"dilations", b"group", b"kernel_shape", b"strides")
"""Attributes by which an engine divides, or walks, without a look."""
_STEP = re.compile(r"([1-9]\d{0,3})\*")
_KINDS = {1: "float32", 2: "uint8", 10: "float16"}


@dataclass(frozen=True)
class Port:
    """The tensor that goes into a graph, or comes out."""

    kind: int
    """Of its values, as ONNX numbers them."""
    shape: tuple[int | None, ...]
    """None where a side may have any length."""
    step: int = 1
    """What lengths must be a multiple of, by the name of a side that may have any: `16*height`."""

    def __str__(self) -> str:
        sides = ", ".join("any" if side is None else str(side) for side in self.shape)
        return f"{_KINDS.get(self.kind, f'values of kind {self.kind}')} ({sides})"


Ports = Mapping[str, Port]


def check_graph(model: bytes) -> tuple[Ports, Ports]:
    """A serialized ONNX model -> the inputs and outputs of its graph, by name.

    Raises ValueError, saying what is wrong, for a model that is not as above.
    """
    graph = _parsed(_one(_parsed(model, "model"), 7, "graph"), "graph")
    nodes = graph.get(1, ())
    if len(nodes) > MOST_NODES:
        raise ValueError(f"it has {len(nodes)} nodes, and at most {MOST_NODES} are run")
    for node in nodes:
        _check_node(node)
    weights: set[str] = set()
    for tensor in graph.get(5, ()):
        if (name := _check_tensor(tensor)) in weights:
            raise ValueError(f"it has two tensors '{name}', of which one engine takes the first, and another the last")
        weights.add(name)
    inputs, outputs = (dict(_port(value) for value in graph.get(number, ())) for number in (11, 12))
    return {name: port for name, port in inputs.items() if name not in weights}, outputs


def refuse_misfit(found: Ports, promised: Ports, what: str) -> None:
    """Raise ValueError where the ports of a graph are not those that its manifest promises."""
    if found.keys() != promised.keys():
        raise ValueError(f"its {what} are {_listed(found)}, and its manifest says {_listed(promised)}")
    for name, port in promised.items():
        sides = zip(found[name].shape, port.shape, strict=False)
        alike = all(ours == theirs or ours is None or theirs is None for ours, theirs in sides)
        if found[name].kind != port.kind or len(found[name].shape) != len(port.shape) or not alike:
            raise ValueError(f"'{name}' is {found[name]}, and by its manifest it is {port}")


def _listed(ports: Ports) -> str:
    return ", ".join(f"'{name}'" for name in sorted(ports)) or "none"


def _check_node(data: int | memoryview) -> None:
    node = _parsed(data, "node")
    domain = _text(node, 7)
    if domain not in ("", "ai.onnx"):
        raise ValueError(f"its operator {_text(node, 4)} is not of ONNX itself but of {domain}")
    for value in node.get(5, ()):
        attribute = _parsed(value, "attribute")
        if 5 in attribute:
            _check_tensor(_one(attribute, 5, "tensor"))
        if any(name in _COUNTS for name in attribute.get(1, ())):
            for count in _whole_numbers([*attribute.get(3, ()), *attribute.get(8, ())]):
                if not 1 <= count <= _LARGEST_STEP:
                    raise ValueError(f"the {_text(attribute, 1)} of its {_text(node, 4)} is {count}")


def _check_tensor(data: int | memoryview) -> str:
    """The name of a tensor that is as large as it says."""
    tensor = _parsed(data, "tensor")
    name, sides = _text(tensor, 8), list(_whole_numbers(tensor.get(1, ())))
    if any(tensor.get(14, ())):
        raise ValueError(f"the values of its tensor '{name}' are outside its file")
    if len(sides) > _MOST_SIDES or min(sides, default=0) < 0:
        raise ValueError(f"its tensor '{name}' has {len(sides)} sides, or one below 0")
    held = sum(1 if isinstance(value, int) else len(value) for number in _VALUES for value in tensor.get(number, ()))
    if math.prod(sides) > _VALUES_IN_A_BYTE * held:
        raise ValueError(f"its tensor '{name}' claims {math.prod(sides)} values and has {held} bytes")
    return name


def _port(data: int | memoryview) -> tuple[str, Port]:
    value = _parsed(data, "value")
    tensor = _parsed(_one(_parsed(_one(value, 2, "type"), "type"), 1, "tensor type"), "tensor type")
    shape = _parsed(_one(tensor, 2, "shape"), "shape")
    sides = [_parsed(side, "side") for side in shape.get(1, ())]
    lengths = tuple(next(_whole_numbers(side.get(1, ())), None) for side in sides)
    steps = [int(found[1]) for side in sides if (found := _STEP.match(_text(side, 2)))]
    return _text(value, 1), Port(next(_whole_numbers(tensor.get(1, ())), 0), lengths, max(steps, default=1))


def _parsed(data: int | memoryview | bytes, what: str) -> _Message:
    """The fields of a message by their number. Raises ValueError for one that it may not have."""
    if isinstance(data, int):
        raise ValueError(f"a {what} is a number")
    found: dict[int, list[int | memoryview]] = {}
    for field in fields(data):
        if field.number not in _KNOWN[what]:
            told = _REFUSED.get((what, field.number), f"a {what} with a field {field.number}, which is not known")
            raise ValueError(f"it has {told}")
        found.setdefault(field.number, []).append(field.value)
    return found


def _one(message: _Message, number: int, what: str) -> int | memoryview:
    """The value of a field that stands there once: of two, parsers make one in which nothing was looked up."""
    values = message.get(number, ())
    if len(values) != 1:
        raise ValueError(f"there is not one {what} but {len(values)}")
    return values[0]


def _text(message: _Message, number: int) -> str:
    """The text in a field, the last one where there are several, as parsers have it."""
    value = (message.get(number) or [b""])[-1]
    return "" if isinstance(value, int) else str(value, "utf-8", "replace")


def _whole_numbers(values: Sequence[int | memoryview]) -> Iterator[int]:
    """The numbers of a field, whether each stands alone or many are packed together."""
    for value in values:
        if isinstance(value, int):
            yield signed(value)
            continue
        place = 0
        while place < len(value):
            number, place = varint(value, place)
            yield signed(number)
