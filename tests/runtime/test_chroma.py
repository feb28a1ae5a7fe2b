"""Where colours lie in an enlarged frame, and in which samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle, nearest_graph
from pocketlens.core.errors import BadInput
from pocketlens.runtime import Frame, Session
from pocketlens.runtime.frame import LAYOUTS, Layout
from pocketlens.runtime.upscale import enlarge_chroma


def places(count: int, step: int, first: float) -> np.ndarray:
    """Where chroma samples lie along a side, in luma pixels."""
    return np.arange(count) * step + first


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("size", [(32, 48), (33, 47)])
@pytest.mark.parametrize("source", LAYOUTS.values(), ids=LAYOUTS)
def test_a_colour_stays_where_it_is(scale: int, size: tuple[int, int], source: Layout):
    """A ramp over the picture must have the same value at the same place after enlarging."""
    height, width = (side * scale for side in size)
    target = source if height % 2 == width % 2 == 0 else Layout(source.bits, 1, 1)

    def ramp(layout: Layout, height: int, width: int, zoom: int) -> np.ndarray:
        rows, columns = layout.chroma_size(height, width)
        y = (places(rows, layout.down, (layout.down - 1) / 2) + 0.5) / zoom
        x = (places(columns, layout.across, 0) + 0.5) / zoom
        return 20 + 2 * x[None, :] + 1.5 * y[:, None]

    kind = np.uint8 if source.bits == 8 else np.uint16
    plane = np.rint(ramp(source, *size, 1)).astype(kind)
    enlarged = enlarge_chroma(plane, height, width, scale, source, target)
    expected = ramp(target, height, width, scale)
    assert enlarged.shape == expected.shape
    inner = (slice(5 * scale, -5 * scale), slice(5 * scale, -5 * scale))
    assert np.abs(enlarged[inner] - expected[inner]).max() <= 1.25


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_hard_edges_leave_no_value_that_a_sample_cannot_have(layout: Layout):
    top = (1 << layout.bits) - 1
    edges = np.zeros((6, 8), np.uint8 if layout.bits == 8 else np.uint16)
    edges[2:4, 3:6] = top
    for plane in (edges, top - edges):
        enlarged = enlarge_chroma(plane, 12 * layout.down, 16 * layout.across, 2, layout, layout)
        assert (enlarged.min(), enlarged.max()) == (0, top)


@pytest.fixture(scope="module")
def nearest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "nearest.plens", graphs={"fp32": nearest_graph(1)})


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("size", [(16, 24), (7, 5), (1, 1)])
def test_luma_goes_through_the_network_in_every_layout(nearest: Path, name: str, size: tuple[int, int]):
    layout, kind = LAYOUTS[name], np.uint8 if LAYOUTS[name].bits == 8 else np.uint16
    y = np.random.default_rng(0).integers(0, 1 << layout.bits, size).astype(kind)
    chroma = np.full(layout.chroma_size(*size), 100 << (layout.bits - 8), kind)
    with Session.open(nearest, "onnxruntime") as session:
        (made,) = session.process(Frame((y, chroma, chroma), name, pts=7))
    assert (made.format, made.pts) == (name, 7)
    assert np.array_equal(made.planes[0], y.repeat(2, 0).repeat(2, 1))
    for plane in made.planes[1:]:
        assert plane.dtype == kind
        assert plane.shape == layout.chroma_size(2 * size[0], 2 * size[1])
        assert np.all(plane == chroma[0, 0])


def test_an_rgb_network_refuses_planes_it_would_misread(tmp_path: Path):
    rgb = make_bundle(tmp_path / "rgb.plens", channels=3, graphs={"fp32": nearest_graph(3)})
    plane = np.zeros((4, 4), np.uint8)
    with Session.open(rgb, "onnxruntime") as session, pytest.raises(BadInput, match="bgr24"):
        list(session.process(Frame((plane, plane, plane), "yuv444p")))
