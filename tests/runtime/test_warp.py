"""Two frames warped and mixed, held against arithmetic in double precision."""

from __future__ import annotations

from itertools import product
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocketlens.core.facts import Sampling
from pocketlens.runtime import Frame, warp
from pocketlens.runtime.frame import BGR, LAYOUTS
from pocketlens.runtime.view import View
from pocketlens.runtime.warp import Motion, compose

SAMPLINGS = get_args(Sampling)


def weight(distance: np.ndarray, sampling: Sampling) -> np.ndarray:
    """Of a pixel so far away: the triangle, or Keys' cubic kernel with a = -0.75."""
    x = np.abs(distance)
    if sampling == "bilinear":
        return np.maximum(1 - x, 0)
    inner, outer = 1.25 * x**3 - 2.25 * x**2 + 1, -0.75 * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x < 1, inner, np.where(x < 2, outer, 0))


def fetched(plane: np.ndarray, x: np.ndarray, y: np.ndarray, sampling: Sampling) -> np.ndarray:
    """Samples of (h, w, c) at (x, y), the edge repeated."""
    height, width = plane.shape[:2]
    made = np.zeros((*x.shape, plane.shape[2]))
    for down, across in product(range(-1, 3), repeat=2):
        column, row = np.floor(x).astype(int) + across, np.floor(y).astype(int) + down
        share = weight(x - column, sampling) * weight(y - row, sampling)
        made += share[..., None] * plane[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
    return made


def expected(before: np.ndarray, after: np.ndarray, motion: Motion, sampling: Sampling, white: int = 255) -> np.ndarray:
    rows, columns = np.mgrid[: motion.share.shape[0], : motion.share.shape[1]].astype(float)
    early, late = (
        fetched(plane.astype(float), columns + flow[0], rows + flow[1], sampling)
        for plane, flow in ((before, motion.before), (after, motion.after))
    )
    return np.clip(late + motion.share[..., None] * (early - late), 0, white)


def motion(height: int, width: int, seed: int, reach: float = 6) -> Motion:
    rng = np.random.default_rng(seed)
    flows = rng.normal(0, reach, (2, 2, height, width)).astype(np.float32)
    return Motion(flows[0], flows[1], rng.random((height, width), np.float32))


def seen(frame: Frame) -> View:
    return View(frame, lambda bgr: bgr)


@pytest.mark.parametrize("sampling", SAMPLINGS)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 99), st.sampled_from([1, 70, 1 << 16]))
@settings(max_examples=40, deadline=None)
def test_a_picture_is_right_to_rounding(sampling: Sampling, height: int, width: int, seed: int, strip: int):
    before, after = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    moved = motion(height, width, seed)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(warp, "_STRIP", strip)
        (made,) = compose(seen(Frame((before,), BGR)), seen(Frame((after,), BGR)), moved, sampling)
    assert np.abs(made - expected(before, after, moved, sampling)).max() < 0.52


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("form", LAYOUTS)
@pytest.mark.parametrize("size", [(16, 24), (15, 23)], ids=["even", "odd"])
def test_planes_move_together_by_the_same_way(form: str, size: tuple[int, int], sampling: Sampling):
    """Chroma goes as far as luma does, counted in its own samples, from where its samples lie."""
    layout, rng = LAYOUTS[form], np.random.default_rng(0)
    kind, top = (np.dtype(np.uint8), 256) if layout.bits == 8 else (np.dtype("<u2"), 1024)
    shapes = (size, layout.chroma_size(*size), layout.chroma_size(*size))
    frames = [Frame(tuple(rng.integers(0, top, shape).astype(kind) for shape in shapes), form) for _ in range(2)]
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
    # A motion that is linear in place is the same whether it is sampled or computed at a chroma sample.
    flow = np.stack((1.5 + 0.1 * columns, -2 + 0.2 * rows))
    moved = Motion(flow, -flow, np.full(size, 0.3, np.float32))
    made = compose(seen(frames[0]), seen(frames[1]), moved, sampling)
    y, x = np.mgrid[: shapes[1][0], : shapes[1][1]].astype(float)
    at = np.stack((1.5 + 0.1 * layout.across * x, -2 + 0.2 * (layout.down * y + (layout.down - 1) / 2)))
    finer = at / np.array([layout.across, layout.down])[:, None, None]
    chroma = Motion(finer, -finer, np.full(shapes[1], 0.3))
    inside = slice(None, -1)
    for index, own in enumerate((moved, chroma, chroma)):
        planes = [frame.planes[index][..., None] for frame in frames]
        wanted = expected(planes[0], planes[1], own, sampling, top - 1)[..., 0]
        assert made[index].dtype == kind
        assert np.abs(made[index].astype(float) - wanted)[inside].max() < 0.52
