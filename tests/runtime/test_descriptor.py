"""Frames in the caller's memory, and nothing beside them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from guarded import guarded
from hypothesis import given, settings
from hypothesis import strategies as st
from pocketlens.core.errors import BadInput
from pocketlens.runtime.arrays import describe
from pocketlens.runtime.descriptor import Descriptor, Matrix, PixelFormat, Range, mapped

NUMBER = st.one_of(st.integers(-2, 20), st.integers(), st.sampled_from([1 << 31, 1 << 63, -(1 << 63), pow(10, 5000)]))
ANYTHING = st.one_of(NUMBER, st.none(), st.text(max_size=3), st.floats(), st.booleans(), st.binary(max_size=3))


class OnlyDLPack:
    """An array of a library that has nothing but DLPack."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __dlpack__(self, **wishes: Any) -> Any:
        return self._array.__dlpack__(**wishes)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array.__dlpack_device__()


@given(
    form=NUMBER,
    width=NUMBER,
    height=NUMBER,
    strides=st.one_of(st.none(), st.lists(NUMBER, max_size=4)),
    size=st.integers(1, 600),
    lists=st.sampled_from([0, 1, 2, 3]),
    at_start=st.booleans(),
    writable=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_what_is_mapped_lies_within_the_memory(
    form: int,
    width: int,
    height: int,
    strides: list[int] | None,
    size: int,
    lists: int,
    at_start: bool,
    writable: bool,
):
    with guarded(size, at_start) as memory:
        frame = Descriptor([memory] * lists if lists else memory, form, width, height, strides)
        try:
            planes = mapped(frame, writable)
        except BadInput as error:
            assert len(str(error)) < 400
            return
        for plane in planes:
            plane.sum()
            if writable:
                plane[:] = 1


@given(facts=st.fixed_dictionaries({}, optional=dict.fromkeys(Descriptor.__dataclass_fields__, ANYTHING)))
@settings(max_examples=300, deadline=None)
def test_facts_of_any_kind_are_mapped_or_refused(facts: dict[str, Any]):
    good = {"data": bytearray(24), "format": PixelFormat.NV12, "width": 4, "height": 4}
    try:
        y, chroma = mapped(Descriptor(**{**good, **facts}))
    except BadInput as error:
        assert str(error)
    else:
        assert y.shape[:2] == (facts.get("height", 4), facts.get("width", 4))
        assert chroma.shape[2] == 2 and "time_base" not in facts


@pytest.mark.parametrize("form", PixelFormat)
@pytest.mark.parametrize("size", [(1, 1), (5, 7), (6, 4), (1, 9)])
def test_the_least_memory_that_holds_a_frame_is_enough_and_a_byte_less_is_not(form: PixelFormat, size: tuple[int, int]):
    height, width = size
    half = -(-height // 2) * -(-width // 2)
    pixel = {PixelFormat.BGR24: 3, PixelFormat.RGB24: 3, PixelFormat.BGRA: 4}.get(form, 1)
    least = height * width * pixel + (2 * half if form in (PixelFormat.NV12, PixelFormat.I420) else 0)
    assert sum(plane.size for plane in mapped(Descriptor(bytes(least), form, width, height))) == least
    with pytest.raises(BadInput, match=f"needs {least} bytes of memory, and {least - 1} are given"):
        mapped(Descriptor(bytes(least - 1), form, width, height))


def test_planes_follow_each_other_at_their_strides():
    memory = np.arange(64, dtype=np.uint8)
    y, chroma = mapped(Descriptor(memory, PixelFormat.NV12, 3, 3, [8, 10]))
    assert y[:, :, 0].tolist() == [[0, 1, 2], [8, 9, 10], [16, 17, 18]]
    assert chroma.tolist() == [[[24, 25], [26, 27]], [[34, 35], [36, 37]]]


def test_what_is_mapped_is_the_callers_own_memory():
    memory = bytearray(12)
    (plane,) = mapped(Descriptor(memory, PixelFormat.BGR24, 2, 2), writable=True)
    plane[1, 1] = 9
    assert memory == bytearray([0] * 9 + [9] * 3)


def test_memory_that_cannot_be_used_is_refused():
    for data in (b"123456789012", memoryview(bytes(12)), np.zeros((2, 6), np.uint8)[:, ::2]):
        with pytest.raises(BadInput, match=r"only be read|contiguous"):
            mapped(Descriptor(data, PixelFormat.BGR24, 2, 2), writable=True)
    for data in (None, 7, "x" * 12, np.zeros(12, np.float32), np.array([None] * 12)):
        with pytest.raises(BadInput, match="memory of a frame is"):
            mapped(Descriptor(data, PixelFormat.BGR24, 2, 2))
    with pytest.raises(BadInput, match="2 planes, not 3"):
        mapped(Descriptor([bytes(4)] * 3, PixelFormat.NV12, 2, 2))
    with pytest.raises(BadInput, match="as a Descriptor, not as bytes"):
        mapped(b"123")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["numpy", "memoryview", "dlpack"])
def test_arrays_are_described_without_a_copy(kind: str):
    whole = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    part = whole[1:5, 2:7]
    given = {"numpy": part, "memoryview": part.data, "dlpack": OnlyDLPack(part)}[kind]
    frame = describe(given, PixelFormat.RGB24, Matrix.BT709, Range.FULL, 7, 2, Fraction(1, 25))
    assert (frame.width, frame.height, frame.strides) == (5, 4, [24])
    assert (frame.matrix, frame.range, frame.pts, frame.duration, frame.time_base) == (709, 2, 7, 2, Fraction(1, 25))
    (plane,) = mapped(frame, writable=True)
    np.testing.assert_array_equal(plane, part)
    plane[:] = 0
    assert not part.any() and whole[0].any()


@given(rows=st.slices(6), columns=st.slices(8), form=st.sampled_from([PixelFormat.BGR24, 4]), at_start=st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_part_of_a_picture_is_described_as_it_lies_or_refused(
    rows: slice, columns: slice, form: int, at_start: bool
):
    with guarded(6 * 8 * 3, at_start) as memory:
        whole = np.frombuffer(memory, np.uint8).reshape(6, 8, 3)
        whole[...] = np.arange(whole.size).reshape(whole.shape)
        part = whole[rows, columns] if form == PixelFormat.BGR24 else whole[rows, columns, 0]
        try:
            (plane,) = mapped(describe(part, form))
        except BadInput:
            assert part.size == 0 or form != PixelFormat.BGR24 or (rows.step, columns.step) != (1, 1)
        else:
            np.testing.assert_array_equal(plane.reshape(part.shape), part)


def test_planes_of_a_torch_tensor_are_described_without_a_copy():
    torch = pytest.importorskip("torch")
    y, chroma = torch.zeros(3, 5, dtype=torch.uint8), torch.zeros(2, 3, 2, dtype=torch.uint8)
    for plane in mapped(describe([y, chroma], PixelFormat.NV12), writable=True):
        plane[:] = 5
    assert bool((y == 5).all()) and bool((chroma == 5).all())


def test_a_picture_of_one_row_is_described_whatever_its_stride():
    single = np.zeros((9, 4, 3), np.uint8)[3:4]
    assert describe(single, PixelFormat.BGR24).strides == [12]
    assert describe(np.zeros((5, 4), np.uint8)[:, :1], PixelFormat.GRAY8).strides == [4]


@pytest.mark.parametrize(
    ("planes", "form", "told"),
    [
        (np.zeros((4, 4, 4), np.uint8), PixelFormat.BGR24, "not \\(4, 4, 4\\)"),
        (np.zeros((4, 4), np.uint8), PixelFormat.BGR24, "a stride is"),
        (np.zeros((4, 4, 3), np.float32), PixelFormat.BGR24, "uint8"),
        (np.zeros((0, 4, 3), np.uint8), PixelFormat.BGR24, "uint8"),
        (np.zeros((4, 4, 3), np.uint8)[::-1], PixelFormat.BGR24, "downwards"),
        (np.zeros((4, 4, 3), np.uint8)[:, ::-1], PixelFormat.BGR24, "whole"),
        (np.zeros((4, 4, 3), np.uint8)[..., ::-1], PixelFormat.BGR24, "whole"),
        (np.broadcast_to(np.zeros(4, np.uint8), (4, 4)), PixelFormat.GRAY8, "downwards"),
        ([np.zeros((4, 4), np.uint8), np.zeros((2, 2), np.uint8)], PixelFormat.NV12, "a stride is"),
        ([np.zeros((4, 4), np.uint8), np.zeros((3, 2, 2), np.uint8)], PixelFormat.NV12, "2x2 with 2 samples"),
        ([], PixelFormat.NV12, "at least one"),
        (None, PixelFormat.NV12, "an array"),
        ("text", PixelFormat.NV12, "an array"),
    ],
)
def test_arrays_that_are_no_such_frame_are_refused(planes: Any, form: PixelFormat, told: str):
    with pytest.raises(BadInput, match=told):
        describe(planes, form)
