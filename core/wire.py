"""Messages of protocol buffers, taken apart without a package for it: ONNX files are such messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_NUMBER, _EIGHT_BYTES, BYTES, _FOUR_BYTES = 0, 1, 2, 5
"""The kinds of value that a field may have; two more are long out of use."""
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
_LARGEST_TAG = (1 << 32) - 1


class Field(NamedTuple):
    """One field of a message."""

    number: int
    value: int | memoryview
    """The number, or the bytes, of which a message may be made in turn."""
    start: int
    stop: int
    """Where it starts in its message, and where the next field does."""


def fields(message: bytes | memoryview) -> Iterator[Field]:
    """The fields of a serialized message, in order. Raises ValueError for bytes that are none."""
    data, place = memoryview(message), 0
    while place < len(data):
        tag, content = varint(data, place)
        kind, start, value = tag & 7, place, 0
        if tag > _LARGEST_TAG:
            raise ValueError("a field with a number that no field has")
        if kind == _NUMBER:
            value, place = varint(data, content)
        elif kind == BYTES:
            size, content = varint(data, content)
            place = content + size
        elif kind in _FIXED:
            place = content + _FIXED[kind]
        else:
            raise ValueError(f"a field of kind {kind}")
        if place > len(data):
            raise ValueError("a field that goes on beyond its message")
        yield Field(tag >> 3, value if kind == _NUMBER else data[content:place], start, place)


def varint(data: bytes | memoryview, place: int) -> tuple[int, int]:
    """The number that starts at `place`, seven bits a byte, and where it ends. Raises ValueError where none does."""
    number = shift = 0
    for index in range(place, min(place + 10, len(data))):
        byte = data[index]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & (1 << 64) - 1, index + 1
        shift += 7
    raise ValueError("a number without an end")


def as_varint(number: int) -> bytes:
    """A number from 0 up, seven bits a byte."""
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])


def signed(number: int) -> int:
    """A number of 64 bits as the signed one that it stands for."""
    return number - (1 << 64) if number >> 63 else number
