"""A stream in its steady state takes no new pixel buffer, and holds no more memory from frame to frame."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from bundles import make_bundle
from interpolators import fading_graph, make_interpolator, moving_graph
from pocketlens.runtime import api
from pocketlens.runtime.api import Descriptor, PixelFormat, Status
from scenes import scene

HEIGHT, WIDTH = 192, 320
PLANE = HEIGHT * WIDTH
WARM, FRAMES = 50, 100
BYTES = {PixelFormat.BGR24: 3.0, PixelFormat.GRAY8: 1.0, PixelFormat.NV12: 1.5, PixelFormat.BGRA: 4.0}
A_FRAME = 300
"""Bytes that may stay behind of each: the interpreter's own caches go on filling for a while."""


@pytest.fixture(autouse=True)
def tracing() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def clip(form: PixelFormat) -> list[Descriptor]:
    """Frames in which something moves, in every plane of a format."""
    picture = scene(1, HEIGHT, 4 * WIDTH).tobytes()
    memory = [picture[12 * index :] for index in range(4)]
    return [Descriptor(memory[pts % 4], form, WIDTH, HEIGHT, pts=pts) for pts in range(WARM + FRAMES)]


def measured(bundle: Path, form: PixelFormat, scale: int) -> tuple[int, float]:
    """Bytes that any frame took for a while, and those that stay behind of each."""
    _, handle = api.create(str(bundle), {"engine": "onnxruntime", "threads": 1})
    assert api.load(handle) == Status.OK
    out = Descriptor(bytearray(int(BYTES[form] * scale**2 * PLANE)), form, scale * WIDTH, scale * HEIGHT)
    took, settled, frames = 0, 0, clip(form)
    for frame in frames:
        if frame.pts == WARM:
            took, settled = 0, held()
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        assert api.push(handle, frame) == Status.OK
        while (status := api.pull(handle, out)) == Status.OK:
            pass
        assert status == Status.AGAIN, api.last_error(handle)
        took = max(took, tracemalloc.get_traced_memory()[1] - before)
    stayed = (held() - settled) / FRAMES
    assert api.destroy(handle) == Status.OK
    return took, stayed


def held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.mark.parametrize(
    ("form", "channels", "align"),
    [*((form, 1, 1) for form in BYTES), (PixelFormat.BGR24, 3, 1), (PixelFormat.NV12, 1, 10)],
)
def test_an_upscaler_takes_no_new_memory(tmp_path: Path, form: PixelFormat, channels: int, align: int):
    bundle = make_bundle(tmp_path / "upscaler.plens", channels=channels, align=align)
    took, stayed = measured(bundle, form, 2)
    assert took < PLANE // 4
    assert stayed < A_FRAME


@pytest.mark.parametrize(
    ("form", "graph"),
    [
        (PixelFormat.BGR24, {("fp32", "motion"): moving_graph(3)}),
        (PixelFormat.NV12, {("fp32", "motion"): moving_graph(3)}),
        (PixelFormat.GRAY8, {("fp32", "motion"): moving_graph(3)}),
        (PixelFormat.NV12, {("fp32", "float"): fading_graph()}),
    ],
)
def test_an_interpolator_takes_no_new_memory(tmp_path: Path, form: PixelFormat, graph: dict[tuple[str, str], bytes]):
    took, stayed = measured(make_interpolator(tmp_path / "between.plens", graph, sampling="bicubic"), form, 1)
    assert took < PLANE
    assert stayed < A_FRAME
