"""The flat surface: any frame, any order of calls, many threads, and nothing raised whatever it is given."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundles import make_bundle, nearest_graph, upscaler_graph
from guarded import guarded
from hypothesis import given, settings
from hypothesis import strategies as st
from interpolators import make_interpolator, moving_graph
from pocketlens.runtime import Session, api
from pocketlens.runtime.api import Descriptor, PixelFormat, Status
from pocketlens.runtime.descriptor import mapped
from scenes import moved, scene

Made = list[tuple[bytes, int]]
OPTIONS = {"engine": "onnxruntime", "threads": 1}
SIDE = st.integers(1, 24)
PIXEL = {PixelFormat.BGR24: 3, PixelFormat.RGB24: 3, PixelFormat.BGRA: 4}
PLANES = {PixelFormat.NV12: 2, PixelFormat.I420: 3}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bundles")
    return {
        "luma": make_bundle(folder / "luma.plens", graphs={"fp32": nearest_graph(1)}),
        "colour": make_bundle(folder / "colour.plens", channels=3, graphs={"fp32": nearest_graph(3)}),
        "upscaler": make_bundle(folder / "upscaler.plens", graphs={"fp32": upscaler_graph()}),
        "interpolator": make_interpolator(folder / "i.plens", {("fp32", "motion"): moving_graph(2, 1)}, align=4),
    }


@contextmanager
def loaded(bundle: Path, **options: Any) -> Iterator[int]:
    """A handle that is ready for frames."""
    status, handle = api.create(str(bundle), OPTIONS | options)
    assert (status, api.load(handle)) == (Status.OK, Status.OK), api.last_error(handle)
    try:
        yield handle
    finally:
        assert api.destroy(handle) == Status.OK


@pytest.fixture(scope="module")
def ready(bundles: dict[str, Path]) -> Iterator[dict[str, int]]:
    """A handle for each bundle, to be reset before use."""
    with (
        loaded(bundles["luma"]) as luma,
        loaded(bundles["colour"]) as colour,
        loaded(bundles["interpolator"]) as moving,
    ):
        yield {"luma": luma, "colour": colour, "interpolator": moving}


def least(form: PixelFormat, height: int, width: int, padding: int) -> tuple[list[int], int]:
    """Strides with so many bytes after each row, and the least memory that holds such a frame."""
    half = (-(-width // 2) * (2 if form is PixelFormat.NV12 else 1), -(-height // 2))
    rows = [(width * PIXEL.get(form, 1), height), *[half] * (PLANES.get(form, 1) - 1)]
    strides = [length + padding for length, _ in rows]
    return strides, sum(stride * count for stride, (_, count) in zip(strides, rows, strict=True)) - padding


def clip(count: int, height: int = 12, width: int = 16) -> list[Descriptor]:
    """Frames of a scene that moves, ten milliseconds apart."""
    first = scene(4, height, width)
    return [
        api.describe(moved(first, 2 * index, index), PixelFormat.BGR24, pts=10 * index, duration=10)
        for index in range(count)
    ]


def pull(handle: int, height: int, width: int) -> tuple[Status, tuple[bytes, int]]:
    memory = bytearray(height * width * 3)
    out = Descriptor(memory, PixelFormat.BGR24, width, height)
    return api.pull(handle, out), (bytes(memory), out.pts)


def one_by_one(handle: int, frames: Sequence[Descriptor], height: int, width: int) -> Made:
    """All that comes out of a clip, each frame pulled as soon as it is there."""
    made: Made = []
    for frame in [*frames, None]:
        assert (api.push(handle, frame) if frame else api.flush(handle)) == Status.OK
        while True:
            status, got = pull(handle, height, width)
            if status != Status.OK:
                assert status == (Status.AGAIN if frame else Status.END)
                break
            made.append(got)
    return made


@given(form=st.sampled_from(PixelFormat), height=SIDE, width=SIDE, padding=st.integers(0, 9), at_start=st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_size_and_stride_goes_through_and_nothing_else_is_touched(
    ready: dict[str, int], form: PixelFormat, height: int, width: int, padding: int, at_start: bool
):
    handle = ready["luma" if form in PLANES or form is PixelFormat.GRAY8 else "colour"]
    strides, size = least(form, height, width, padding)
    larger, room = least(form, 2 * height, 2 * width, padding)
    with guarded(size, at_start) as before, guarded(room, at_start) as after:
        before[:] = np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8).tobytes()
        kept, after[:] = bytes(before), bytes([0xA5]) * room
        given = Descriptor(before, form, width, height, strides)
        out = Descriptor(after, form, 2 * width, 2 * height, larger)
        assert (api.push(handle, given), api.pull(handle, out)) == (Status.OK, Status.OK), api.last_error(handle)
        assert bytes(before) == kept
        small, large = mapped(given)[0], mapped(out, writable=True)
        shown = 3 if form is PixelFormat.BGRA else None
        np.testing.assert_array_equal(large[0][..., :shown], small.repeat(2, 0).repeat(2, 1)[..., :shown])
        for plane in large:
            plane[:] = 0xA5
        assert bytes(after) == bytes([0xA5]) * room


@given(
    form=st.integers(0, 7),
    width=st.integers(-1, 40),
    height=st.integers(-1, 40),
    strides=st.one_of(st.none(), st.lists(st.integers(-2, 90), min_size=1, max_size=3)),
    size=st.integers(1, 5000),
    name=st.sampled_from(["luma", "colour", "interpolator"]),
)
@settings(max_examples=300, deadline=None)
def test_a_descriptor_is_used_or_refused_and_never_leaves_its_memory(
    ready: dict[str, int], form: int, width: int, height: int, strides: list[int] | None, size: int, name: str
):
    handle = ready[name]
    api.reset(handle)
    with guarded(size) as memory:
        frame = Descriptor(memory, form, width, height, strides)
        pushed = api.push(handle, frame)
        assert pushed in (Status.OK, Status.BAD_FRAME), api.last_error(handle)
        if pushed == Status.OK:
            api.flush(handle)
            assert api.pull(handle, frame) in (Status.OK, Status.BAD_FRAME, Status.OTHER_SIZE), api.last_error(handle)


def test_frames_are_what_a_session_makes(bundles: dict[str, Path]):
    bgr = scene(2, 20, 30)
    with Session.open(bundles["upscaler"], "onnxruntime", threads=1) as session:
        expected = session.upscale(bgr)
    with loaded(bundles["upscaler"]) as handle:
        assert api.push(handle, api.describe(bgr, PixelFormat.BGR24)) == Status.OK
        status, (made, _) = pull(handle, 40, 60)
    assert (status, made) == (Status.OK, expected.tobytes())


@pytest.mark.parametrize("name", ["upscaler", "interpolator"])
@given(turns=st.lists(st.booleans(), max_size=40), queue=st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_any_chunking_of_push_and_pull_gives_the_same_frames(
    bundles: dict[str, Path], name: str, turns: list[bool], queue: int
):
    height, width = (24, 32) if name == "upscaler" else (12, 16)
    frames, made = clip(5), []
    with loaded(bundles[name], queue=queue) as handle:
        expected = one_by_one(handle, frames, height, width)
        waiting, status = list(frames), Status.OK
        for pushes in [*turns, *[True, False, False] * 20]:
            if not pushes:
                status, got = pull(handle, height, width)
                made += [got] if status == Status.OK else []
            elif waiting and api.push(handle, waiting[0]) == Status.OK:
                waiting.pop(0)
            elif not waiting:
                api.flush(handle)
    assert status == Status.END
    assert made == expected
    assert len(made) == (5 if name == "upscaler" else 10)


@pytest.mark.parametrize("name", ["upscaler", "interpolator"])
def test_two_handles_in_two_threads_give_what_one_gives(bundles: dict[str, Path], name: str):
    height, width = (24, 32) if name == "upscaler" else (12, 16)
    clips = [clip(6), clip(6)[::2]]
    with loaded(bundles[name]) as handle:
        alone = [one_by_one(handle, frames, height, width) for frames in clips]
    together: list[list[Made]] = [[], []]

    def work(index: int) -> None:
        with loaded(bundles[name]) as handle:
            together[index] = [one_by_one(handle, clips[index], height, width) for _ in range(8)]

    threads = [threading.Thread(target=work, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [[alone[0]] * 8, [alone[1]] * 8]


@pytest.mark.parametrize("name", ["upscaler", "interpolator"])
@pytest.mark.parametrize("pulled", [0, 1, 2])
def test_reset_forgets(bundles: dict[str, Path], name: str, pulled: int):
    height, width = (24, 32) if name == "upscaler" else (12, 16)
    with loaded(bundles[name]) as handle:
        expected = one_by_one(handle, clip(4), height, width)
        for frame in clip(4)[1:]:
            assert api.push(handle, frame) == Status.OK
        for _ in range(pulled):
            assert pull(handle, height, width)[0] == Status.OK
        assert api.reset(handle) == Status.OK
        assert pull(handle, height, width)[0] == Status.AGAIN
        assert one_by_one(handle, clip(4), height, width) == expected


def test_the_callers_memory_is_free_as_soon_as_it_was_pushed(bundles: dict[str, Path]):
    with loaded(bundles["interpolator"]) as handle:
        expected = one_by_one(handle, clip(3), 12, 16)
        memory, made = bytearray(12 * 16 * 3), []
        for frame in clip(3):
            memory[:] = mapped(frame)[0].tobytes()
            reused = Descriptor(memory, PixelFormat.BGR24, 16, 12, pts=frame.pts, duration=frame.duration)
            assert api.push(handle, reused) == Status.OK
            memory.clear()
            memory.extend(bytes(12 * 16 * 3))
        api.flush(handle)
        while (got := pull(handle, 12, 16))[0] == Status.OK:
            made.append(got[1])
    assert made == expected


@pytest.mark.parametrize("form", PixelFormat)
@pytest.mark.parametrize("name", ["upscaler", "interpolator"])
def test_frames_that_come_do_not_hang_on_the_memory_of_those_before(
    bundles: dict[str, Path], name: str, form: PixelFormat
):
    height, width = (24, 32) if name == "upscaler" else (12, 16)
    made: list[list[bytes]] = []
    for spoil in (False, True):
        room = least(form, height, width, 0)[1]
        turned = Descriptor(bytearray(b"\x5a" * room), form, height, width)
        out, frames = Descriptor(bytearray(room), form, width, height), list[bytes]()
        with loaded(bundles[name]) as handle:
            for frame in clip(4):
                assert api.push(handle, frame) == Status.OK
                # As many pixels, and yet not the size: the frame waits on, and must not lie there.
                assert not spoil or api.pull(handle, turned) in (Status.OTHER_SIZE, Status.AGAIN)
                turned.data[:], turned.width, turned.height = bytes(room), height, width
                while api.pull(handle, out) == Status.OK:
                    frames.append(bytes(out.data))
                    out.data[:] = bytes(room) if spoil else out.data
        made.append(frames)
    assert made[0] == made[1]
    assert len(made[0]) == (4 if name == "upscaler" else 6)


@pytest.mark.parametrize(("form", "size"), [(PixelFormat.NV12, 288), (PixelFormat.BGRA, 768)])
def test_a_frame_between_two_is_like_them_and_between_them_in_time(
    bundles: dict[str, Path], form: PixelFormat, size: int
):
    out, seen = Descriptor(bytearray(size), form, 16, 12), []
    with loaded(bundles["interpolator"]) as handle:
        for index in range(2):
            frame = Descriptor(bytes([90 + 20 * index]) * size, form, 16, 12, matrix=709, pts=index)
            assert api.push(handle, frame) == Status.OK
        for _ in range(2):
            assert api.pull(handle, out) == Status.OK, api.last_error(handle)
            seen.append((int(mapped(out)[0][6, 8, 0]), out.pts * out.time_base * 1000))
        assert form is PixelFormat.NV12 or set(mapped(out)[0][..., 3].flat) == {90}
    assert seen == [(90, 0), (100, 0.5)]
